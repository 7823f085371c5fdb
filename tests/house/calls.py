"""Calls of the project's own functions while one request is answered.

``python -m tests.house.calls`` prints how many, in which modules, and the tree of them.
"""

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime

from server.options import Options
from server.plans.planning import answer
from tests.house.source import PACKAGES, ROOT

_FOLDERS = tuple(f"{ROOT / package}/" for package in PACKAGES)


def calls_of_an_answer(example="dynamic_day"):
    """Number of calls, once everything is warm, by the path that leads there from `answer`.

    Comprehensions count where they are frames (before Python 3.12), and so does every value that a
    generator yields.
    """
    body = (ROOT / "examples" / f"{example}.json").read_bytes()
    options, now = Options(), datetime(2026, 1, 14, tzinfo=UTC)
    calls, stack = Counter(), [()]

    def profile(frame, event, _):
        code = frame.f_code
        if not code.co_filename.startswith(_FOLDERS):
            return
        if event == "call":
            place = f"{code.co_filename.removeprefix(f'{ROOT}/')}:{code.co_qualname}"
            stack.append((*stack[-1], place))
            calls[stack[-1]] += 1
        elif event == "return":
            stack.pop()

    answer(body, options, lambda: now)
    sys.setprofile(profile)
    try:
        answer(body, options, lambda: now)
    finally:
        sys.setprofile(None)
    return calls


def calls_by_module(calls):
    return Counter(path[-1].split(":")[0] for path in calls.elements())


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.house.calls", description=__doc__).parse_args()
    counts = calls_of_an_answer()
    by_module = calls_by_module(counts)
    print(f"{counts.total()} calls, {len(by_module)} modules, {max(map(len, counts))} deep")
    print("\n".join(f"{n:6} {module}" for module, n in by_module.most_common()))
    order = {path: i for i, path in enumerate(counts)}
    for path in sorted(order, key=lambda path: [order[path[: i + 1]] for i in range(len(path))]):
        print(f"{counts[path]:6} {'  ' * len(path)}{path[-1]}")
