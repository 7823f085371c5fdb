"""Arbitrary JSON through the pure functions: a sound plan or a `ProblemError`, nothing else.

``python -m tests.fuzz.codec`` draws until the time of `FUZZ_SECONDS` is up.
"""

import argparse
import json
import os
import random
import sys
import time
from contextlib import suppress

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from optimiser import ProblemError
from server.options import Options
from server.plans.planning import answer, answer_batteries, answer_vehicles, optimise_any
from server.reading.site import problem_from_request
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import OptimizeRequest
from tests.end_to_end import NOW, SYDNEY, strict_json
from tests.end_to_end.readings import clean_request_of
from tests.fuzz import seeds
from tests.reference import violations

OPTIONS = Options(zone=SYDNEY)
BEYOND_THE_CHECK = ("provider_config", "demand_charges", "allowances", "hybrid")
"""Of these, `clean_request_of` has no words; tests of their own judge them."""
SEEDS = list(seeds.requests())

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**19, -(2**63), 2**64, 10**400, 1e308, -1e-308, 5e-324])
    | st.floats()
    | st.text(st.characters(codec=None), max_size=8)
    | st.sampled_from(["NaN", "-1", "1e5", "12:00", "24:00", "2026-04-05T02:30", "\ud800", "é"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
deep = st.integers(1, 3000).map(lambda n: b"[" * n + b"1" + b"]" * n)
raw = st.one_of(
    values.map(lambda value: json.dumps(value).encode()),
    deep,
    st.sampled_from([b"1" * 5000, b"-0", b"1E+400", b'{"a":1,"a":2}', b"\xff", b"tru", b"[1,]"]),
)


@st.composite
def bodies(draw):
    """A valid request with some of its values replaced, as bytes; at times something else."""
    request = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(request))
        container, key = draw(st.sampled_from(places))
        container[key] = "\0" + str(len(places)) if draw(st.booleans()) else draw(values)
    text = json.dumps(request).encode()
    for mark in {part[:4] for part in text.split(rb'"\u0000')[1:]}:
        digits = mark.split(b'"')[0]
        text = text.replace(rb'"\u0000' + digits + b'"', draw(raw))
    return draw(raw) if draw(st.integers(0, 9)) == 0 else text


def _places(container):
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in items:
        yield container, key
        if isinstance(value, dict | list):
            yield from _places(value)


def judge(body):
    """Assert what must hold of any body at all; whether a plan was made."""
    made = False
    for plan in (answer, answer_batteries, answer_vehicles):
        try:
            strict_json(plan(body, OPTIONS, lambda: NOW).body)
            made = True
        except ProblemError as error:
            msgspec.json.encode(str(error))
    with suppress(ProblemError, RecursionError):  # the latter: see test_fuzz
        optimise_any(body, OPTIONS, lambda: NOW)
    return made


def judge_plan(body):
    """Assert that the independent oracle finds nothing in the plan of one battery."""
    repairs = Repairs()
    try:
        reply = strict_json(answer(body, OPTIONS, lambda: NOW).body)
    except ProblemError:
        return
    request = decode(body, OptimizeRequest, repairs)
    battery = request.battery
    if any(getattr(request, name) for name in BEYOND_THE_CHECK) or (battery and battery.hybrid):
        return
    problem = problem_from_request(request, OPTIONS, NOW, repairs)
    assert violations(clean_request_of(problem), reply) == []


def check(examples, seed=None):
    """Draw bodies and judge them; deterministic without a seed."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies())
    def run(body):
        judge(body)
        judge_plan(body)

    if seed is not None:
        from hypothesis import seed as seeded  # noqa: PLC0415

        run = seeded(seed)(run)
    run()


def main():
    argparse.ArgumentParser(prog="python -m tests.fuzz.codec", description=__doc__).parse_args()
    ends, drawn = time.monotonic() + float(os.environ.get("FUZZ_SECONDS", "100")), 0
    while time.monotonic() < ends:
        seed = random.getrandbits(32)
        print(f"codec: seed {seed}, {drawn} bodies so far", flush=True)
        check(500, seed)
        drawn += 500
    print(f"codec: {drawn} bodies, every one a sound plan or a refusal")


if __name__ == "__main__":
    sys.exit(main())
