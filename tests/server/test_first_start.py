"""The first start on a machine: numba compiles, the log says how far, and nobody waits for more."""

import json
import re

import pytest

from matrix_builders.compiled import KERNELS, MODE
from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call

MOST_CPU = 45.0  # s from the start to the first answer; 18 measured on an EPYC core
SOON = 20.0  # s; a plan is given up after 28

pytestmark = pytest.mark.skipif(MODE != "jit", reason="only numba compiles at a first start")

CAR = {"vehicle_id": "car", "battery_capacity_kwh": 60, "max_charge_kw": 7.4}


@pytest.fixture(scope="module")
def first_start(tmp_path_factory):
    """Log of a server whose cache was empty, and what it took up to its first plans."""
    folder = tmp_path_factory.mktemp("first")
    with running_server(
        folder, "--greet", environment={"NUMBA_CACHE_DIR": str(folder / "cache")}
    ) as server:
        up_after = server.processor_time()
        plain = small_request()
        plan = call(server, "/optimize", plain)
        n_plain = server.log.count("compiling kernel ")
        began = server.processor_time()
        cars = call(server, "/ev/optimize", {**plain, "home_battery": plain["battery"], "ev": CAR})
        with_cars = server.processor_time() - began
        return server, server.log, up_after, n_plain, with_cars, json.dumps([plan, cars])


def test_it_takes_little_of_the_processor(first_start):
    _, _, up_after, _, with_cars, _ = first_start

    assert up_after < MOST_CPU
    assert with_cars < SOON


def test_the_log_says_that_kernels_are_compiled_and_how_far_before_it_listens(first_start):
    _, log, *_ = first_start
    before, _, _ = log.partition("listens on")
    steps = re.findall(r"compiling kernel (\d+) of at most (\d+): (\w+)", before)

    assert "compiling kernels, once on this machine" in before
    assert [int(number) for number, _, _ in steps] == list(range(1, len(steps) + 1))
    assert {int(most) for _, most, _ in steps} == {len(KERNELS)}
    assert {name for _, _, name in steps} <= KERNELS.keys()
    assert len(steps) < len(KERNELS), "a kernel was compiled that no plan has needed"


def test_kernels_of_several_storages_wait_for_their_first_plan(first_start):
    _, log, _, n_plain, _, replies = first_start
    names = re.findall(r"compiling kernel \d+ of at most \d+: (\w+)", log)
    up = log.partition("listens on")[0].count("compiling kernel ")

    assert n_plain == up, "the first plain plan had to wait for a kernel"
    assert "stack_columns" in names[up:]
    assert [reply["success"] for reply in json.loads(replies)] == [True, True]


def test_the_greeting_comes_once_it_listens_and_names_the_page(first_start):
    server, log, *_ = first_start
    heard, _, greeted = log.partition("listens on")

    assert "Try it:" not in heard
    assert f"PowerSync Optimiser: http://127.0.0.1:{server.port}" in greeted
    assert f"The page:            http://127.0.0.1:{server.page_port}" in greeted
