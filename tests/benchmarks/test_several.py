"""Sites with several storages are clean requests that get sound plans, and their figures add up."""

import json
from datetime import UTC, datetime

import pytest

from benchmarks import figures, publish, report, several, sites
from server.options import Options
from server.plans.planning import answer_vehicles
from tests.reference import ev_violations

GOOD = several.Planned(is_proved=True, gap=0.0, has_shortfall=False, cpu=1.0, wall=2.0)
POOR = several.Planned(is_proved=False, gap=0.02, has_shortfall=True, cpu=7.0, wall=8.0)
BLIND = several.Planned(is_proved=False, gap=None, has_shortfall=False, cpu=7.0, wall=8.0)


def reply_to(request):
    body = json.dumps(request).encode()
    return json.loads(answer_vehicles(body, Options(zone=UTC), lambda: datetime.now(UTC)).body)


@pytest.mark.parametrize("kind", ["flat", "time_of_use"])
def test_the_whole_site_of_the_benchmark_is_planned_soundly(kind):
    request = sites.whole_site(1, kind, "cost")

    reply = reply_to(request)

    assert ev_violations(request, reply) == []
    assert len(reply["meter"]["timestamps"]) == sites.N_INTERVALS
    assert set(reply["batteries"]) == {"battery 0", "battery 1", "battery 2"}
    assert reply["status"] == "optimal"


@pytest.mark.parametrize("seed", [8, 17])
def test_a_site_with_chargers_that_are_on_or_off_needs_no_repair(seed):
    reply = reply_to(sites.on_off_site(seed, 30))

    assert {warning["code"] for warning in reply["warnings"]} <= {several.SHORTFALL, "pieces"}
    assert reply["solver"] != "rules"


def test_the_sites_with_chargers_are_of_all_kinds():
    every = [sites.on_off_site(seed, 30) for seed in range(20)]

    vehicles = [vehicle for site in every for vehicle in site["evs"]]
    assert every[7] == sites.on_off_site(7, 30)
    assert {len(site["evs"]) for site in every} == {1, 2, 3}
    assert {"home_battery" in site for site in every} == {True, False}
    assert {bool(site["grid"]) for site in every} == {True, False}
    assert {vehicle["arrival_time"] is None for vehicle in vehicles} == {True, False}
    assert all(vehicle["min_charge_kw"] == vehicle["max_charge_kw"] for vehicle in vehicles)


def test_a_large_site_is_as_large_as_it_says():
    site = sites.large_site(10, 4320, "dynamic")

    assert (len(site["batteries"]), len(site["evs"])) == (10, 10)
    assert len(site["prices_import"]) == 72 * 60


@pytest.mark.parametrize(("share", "seeds"), [(0.01, 1), (0.1, 2), (1.0, 20)])
def test_a_share_of_the_seeds_is_measured(share, seeds):
    assert [len(some) for some in several.on_off(share).values()] == [seeds, seeds]


def test_the_summary_counts_proofs_gaps_and_shortfalls():
    found = several.summary([GOOD, GOOD, POOR])

    assert (found["plans"], found["proved"], found["near"], found["shortfalls"]) == (3, 2, 2, 1)
    assert (found["largest_gap"], found["cpu_p50"], found["cpu_worst"]) == (0.02, 1.0, 7.0)


def test_a_plan_without_a_bound_has_no_largest_gap():
    assert several.summary([GOOD, BLIND])["largest_gap"] is None


def test_a_run_with_this_part_replaces_the_figures_of_those_before():
    row = {"set": several.SETS["whole"][0], **several.summary([GOOD, POOR])}
    site = {"site": "5 batteries + 5 vehicles", "T": 2880, "prices": "dynamic", "wall": 9.0}
    large = {**site, "before_mib": 60.0, "peak_mib": 90.0, "status": "feasible", "gap": None}
    run = {
        "rows": [{**row, "case": "flat, cost"}, {**row, "case": "all"}],
        "large": [{**large, "solver": "highs_mip", "has_shortfall": False}],
    }
    published = json.loads(publish.RESULTS.read_text())

    results = publish.current({**published, "several": run})

    assert "batteries" not in results
    assert "whole_site" not in results["recorded"]
    assert "2 days of 1 kinds, 1 proved optimal" in figures.highlights(results)
    assert "all | 1 of 2 | 1 of 2 | 1 of 2 | 2 | 4 | 6.7 | 7 | 8 |" in report.several(results)
    assert "| feasible | no bound | highs_mip | no |" in report.several(results)
