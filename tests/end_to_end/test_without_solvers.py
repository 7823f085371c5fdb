"""Where a solver is not installed another one answers, and the plan stays physical."""

import json
import urllib.request

import pytest

from benchmarks.days import synthetic_request
from server.http.app import utc_now
from server.options import Options
from server.plans import planning
from tests.reference import violations
from tests.server.processes import running_server

# As if the packages were not installed: nobody finds them, nobody is told why.
HIDE = """
import sys
from importlib.machinery import PathFinder

HIDDEN = {hidden}

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""


@pytest.fixture(scope="module")
def request_body():
    """Nothing but the bill counts here, so every exact solver reaches the same one."""
    return {**synthetic_request(8, 96, 30), "cost_function": "profit"}


@pytest.fixture(scope="module")
def replies(tmp_path_factory, request_body):
    """Status and plan of servers that lack some packages."""
    found = {}
    for hidden in (("highspy",), ("highspy", "scipy")):
        folder = tmp_path_factory.mktemp("hidden")
        (folder / "sitecustomize.py").write_text(HIDE.format(hidden=set(hidden)))
        with running_server(folder, environment={"PYTHONPATH": str(folder)}) as server:
            found[hidden] = (_call(server, "/status"), _call(server, "/optimize", request_body))
    return found


def _call(server, path, body=None):
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        server.url + path, data=raw, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def test_without_highs_another_solver_finds_the_same_bill(replies, request_body):
    best = planning.optimise_any(json.dumps(request_body).encode(), Options(), utc_now)

    status, reply = replies["highspy",]

    assert violations(request_body, reply) == []
    assert reply["solver"] != "highs"
    assert reply["status"] == "optimal"
    assert reply["summary"]["total_cost"] == pytest.approx(best.summary.total_cost, abs=1e-6)
    assert "highs" not in status["solvers"]
    assert status["optimiser_available"] is True


def test_without_any_linear_solver_there_is_still_a_possible_plan(replies, request_body):
    status, reply = replies["highspy", "scipy"]

    assert violations(request_body, reply) == []
    assert reply["solver"] not in {"highs", "scipy_linprog"}
    assert not {"highs", "scipy_linprog"} & set(status["solvers"])
    assert status["optimiser_available"] is True
