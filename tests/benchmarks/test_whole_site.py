"""The whole site of the benchmark is a clean request that gets a sound plan."""

import json
from datetime import UTC, datetime

import pytest

from benchmarks import whole_site as benchmark
from server.options import Options
from server.plans.planning import answer_vehicles
from tests.reference import ev_violations


@pytest.mark.parametrize("kind", ["flat", "time_of_use"])
def test_the_whole_site_of_the_benchmark_is_planned_soundly(kind):
    request = benchmark.whole_site(1, kind, "cost")

    body = json.dumps(request).encode()
    reply = json.loads(answer_vehicles(body, Options(zone=UTC), lambda: datetime.now(UTC)).body)

    assert ev_violations(request, reply) == []
    assert len(reply["meter"]["timestamps"]) == benchmark.N_INTERVALS
    assert set(reply["batteries"]) == {"battery 0", "battery 1", "battery 2"}
    assert reply["status"] == "optimal"
