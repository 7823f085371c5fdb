"""Little memory: what the server of the wheel uses, and what it gets by with.

`make addon` measures the image itself; here the same wheel runs on the Python of the tests.
"""

import re
from pathlib import Path

import pytest

from addon.prove.memory import limited
from addon.prove.tools import Lacking
from benchmarks.days import synthetic_request
from benchmarks.serving import IMAGE_ENVIRONMENT
from tests.server.processes import running_server
from tests.server.test_process import call

STARTING = 64  # MiB
PLANNING = 96  # MiB
IDLE, AFTER = 64, 72  # MiB resident
SPARE = 4  # MiB; another Python than that of the image
PLANS = 100
INTERVALS = 576


def plan(server, seed):
    assert call(server, "/optimize", synthetic_request(seed, INTERVALS))["success"]


@pytest.mark.parametrize(("mebibytes", "plans"), [(STARTING, 0), (PLANNING, 10)])
def test_it_works_where_memory_is_short(installed, tmp_path, mebibytes, plans):
    try:
        with (
            limited(mebibytes) as before,
            running_server(
                tmp_path, folder=installed, environment=IMAGE_ENVIRONMENT, before=before
            ) as server,
        ):
            for seed in range(plans):
                plan(server, seed)
            assert call(server, "/health")["status"] == "healthy"
    except Lacking as reason:
        pytest.skip(str(reason))


def test_it_stays_small(installed, tmp_path):
    with running_server(tmp_path, folder=installed, environment=IMAGE_ENVIRONMENT) as server:
        idle = server.memory("VmRSS")
        for seed in range(PLANS):
            plan(server, seed)
        after = server.memory("VmRSS")

    assert idle <= IDLE + SPARE
    assert after <= AFTER + SPARE


def test_what_is_measured_is_what_the_image_has():
    dockerfile = (Path(__file__).parents[2] / "addon" / "Dockerfile").read_text()

    for name, value in IMAGE_ENVIRONMENT.items():
        assert re.search(rf"^\s+{name}={value}\b", dockerfile, re.MULTILINE), name
