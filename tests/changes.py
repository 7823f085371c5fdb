"""Cases as data: requests and replies with some entries changed, named by dotted paths."""

import json
from copy import deepcopy
from pathlib import Path


def cases_of(path):
    """The cases of a file, one on each line; JSON as Python reads it, NaN and all."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def changed(whole, changes):
    """A copy with some entries, found by keys and indices, of other values or missing."""
    whole = deepcopy(whole)
    for path, value in changes.items():
        *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))
        inner = whole
        for key in parents:
            inner = inner[key] if isinstance(inner, list) else inner.setdefault(key, {})
        if value == "$missing":
            del inner[last]
        else:
            inner[last] = _expanded(value)
    return whole


def _expanded(value):
    """A value in full: what is too long for a line is given by its part and a count."""
    if value == "$huge":
        return 10**400
    if isinstance(value, list):
        return [_expanded(each) for each in value]
    if isinstance(value, dict):
        if "$repeat" in value:
            part, count = value["$repeat"]
            return _expanded(part) * count
        return {key: _expanded(each) for key, each in value.items()}
    return value
