"""Print what Core's usual start, and the integrations of the arguments, require of Python."""

import json
import pathlib
import sys

import homeassistant.components
from homeassistant.bootstrap import CORE_INTEGRATIONS, DEFAULT_INTEGRATIONS

COMPONENTS = pathlib.Path(homeassistant.components.__file__).parent

todo, seen, requirements = [*sys.argv[1:], *CORE_INTEGRATIONS, *DEFAULT_INTEGRATIONS], set(), set()
while todo:
    domain = todo.pop()
    manifest = COMPONENTS / domain / "manifest.json"
    if domain in seen or not manifest.exists():
        continue
    seen.add(domain)
    found = json.loads(manifest.read_text())
    todo += found.get("dependencies", [])
    requirements |= set(found.get("requirements", []))
print(*sorted(requirements), sep="\n")
