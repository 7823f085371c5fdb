"""The dispatch: physical by construction, whatever levels it is to follow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import CostFunction, Grid, plan
from optimiser.model.dispatch import DEAD_BAND, Trajectory, planning_cost, simulate
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import objective
from optimiser.solvers import highs
from tests.builders import a_battery, a_problem, a_site
from tests.strategies import cost_functions, homes, levels_of, problems
from tests.tables import meter_of, storages_of
from tests.tolerances import FEASIBILITY, SIMULATION, agreement

dead_bands = st.sampled_from((0.0, DEAD_BAND))


@st.composite
def followed(draw):
    problem = draw(problems())
    trajectory = Trajectory(draw(levels_of(problem)))
    return problem, simulate(problem, trajectory, draw(dead_bands)).dispatch


@given(followed())
def test_no_storage_and_no_meter_goes_both_ways_at_once(drawn):
    _, dispatch = drawn

    assert (np.minimum(dispatch.charge, dispatch.discharge) == 0).all()
    assert (np.minimum(dispatch.grid_import, dispatch.grid_export) == 0).all()


@given(followed())
def test_what_flows_in_flows_out(drawn):
    problem, dispatch = drawn

    balance = (
        dispatch.grid_import
        - dispatch.grid_export
        - dispatch.curtailed
        + (dispatch.discharge - dispatch.charge).sum(axis=0)
        - meter_of(problem).net_load
    )

    assert np.abs(balance).max() <= FEASIBILITY


@given(followed())
def test_the_levels_are_those_of_a_simulated_battery(drawn):
    problem, dispatch = drawn
    storages = storages_of(problem)
    gained = storages.charge_efficiency[:, None] * dispatch.charge
    lost = dispatch.discharge / storages.discharge_efficiency[:, None]

    simulated = storages.initial[:, None] + np.cumsum(gained - lost, axis=1)

    np.testing.assert_allclose(dispatch.stored, simulated, rtol=0, atol=SIMULATION)


@given(followed())
def test_powers_levels_and_curtailment_keep_their_limits(drawn):
    problem, dispatch = drawn
    meter, storages = meter_of(problem), storages_of(problem)

    assert (dispatch.charge >= 0).all()
    assert (dispatch.charge <= storages.charge_limit).all()
    assert (dispatch.discharge >= 0).all()
    assert (dispatch.discharge <= storages.discharge_limit).all()
    assert (dispatch.stored >= storages.stored_lower - SIMULATION).all()
    assert (dispatch.stored <= storages.stored_upper + SIMULATION).all()
    assert (dispatch.curtailed >= 0).all()
    assert (dispatch.curtailed <= meter.curtail_limit).all()


@given(st.data())
def test_a_storage_moves_by_its_own_dead_band_at_least_or_rests(drawn):
    problem = drawn.draw(problems())
    trajectory = Trajectory(drawn.draw(levels_of(problem)))
    dead_band = DEAD_BAND * np.arange(1, 1 + len(problem.storages.group))

    dispatch = simulate(problem, trajectory, dead_band).dispatch

    moved = dispatch.charge + dispatch.discharge
    assert ((moved == 0) | (moved >= np.outer(dead_band, problem.hours))).all()


def meter_cost_by_hand(problem, levels, dead_band):
    """Cost of energy through the meter, storage by storage and choice by choice."""
    meter, storages = meter_of(problem), storages_of(problem)
    drawn = np.array(meter.net_load)
    for k in range(storages.initial.size):
        level = storages.initial[k]
        for t, wanted in enumerate(levels[k].tolist()):
            into = max(wanted - level, 0.0) / storages.charge_efficiency[k]
            out = max(level - wanted, 0.0) * storages.discharge_efficiency[k]
            if max(into, out) < max(dead_band * problem.hours[t], 1e-9):
                continue
            into = min(into, storages.charge_limit[k, t])
            out = min(out, storages.discharge_limit[k, t])
            level += into * storages.charge_efficiency[k]
            level -= out / storages.discharge_efficiency[k]
            drawn[t] += into - out
    choices = np.array(
        [
            np.zeros(drawn.size),
            meter.curtail_limit,
            -drawn,
            -meter.export_limit - drawn,
            meter.import_limit - drawn,
        ]
    )
    metered = drawn + np.clip(choices, 0.0, meter.curtail_limit)
    price = np.where(metered > 0, meter.import_price, meter.export_price)
    over = np.where(metered > 0, metered - meter.import_limit, -metered - meter.export_limit)
    excess = np.where(metered > 0, meter.import_excess, meter.export_excess)
    forbidden = np.maximum(np.maximum(over, 0.0) - excess - 1e-3, 0.0)
    cost = metered * price + problem.penalty * (np.maximum(over, 0.0) + 1e3 * forbidden)
    return float(cost.min(axis=0).sum())


@given(st.data())
def test_a_dispatch_of_an_uncoupled_problem_costs_what_plain_arithmetic_says(drawn):
    problem = drawn.draw(problems().filter(lambda p: p.couplings.is_empty))
    levels, dead_band = drawn.draw(levels_of(problem)), drawn.draw(dead_bands)
    storages = storages_of(problem)

    dispatch, cost, terminal_value = simulate(problem, Trajectory(levels), dead_band)

    moved = (dispatch.charge + dispatch.discharge).sum(axis=1)
    missed = np.maximum(storages.soft_floor - dispatch.stored, 0.0)
    missed += np.maximum(dispatch.stored - storages.soft_ceiling, 0.0)
    by_hand = meter_cost_by_hand(problem, levels, dead_band) - terminal_value
    by_hand += storages.wear @ moved + storages.level_price @ missed.sum(axis=1)
    assert abs(cost - by_hand) <= agreement(by_hand)


def test_a_movement_under_the_dead_band_waits_until_it_adds_up_to_a_command():
    battery = a_battery(charge_efficiency=1.0)
    flat = {"import_price": [0.1] * 4, "export_price": [0.1] * 4, "load": [0.0] * 4}
    problem = a_problem(a_site(battery, **flat))

    levels = np.array([[5.0004, 5.0008, 5.0012, 5.0016]])
    dispatch = simulate(problem, Trajectory(levels), DEAD_BAND).dispatch

    assert dispatch.charge[0].tolist() == pytest.approx([0.0, 0.0, 0.0012, 0.0])
    assert dispatch.stored[0].tolist() == pytest.approx([5.0, 5.0, 5.0012, 5.0012])


def test_a_level_out_of_reach_is_approached_at_full_power():
    battery = a_battery(charge_limit=1.0, discharge_limit=1.8)
    flat = {"import_price": [0.1] * 3, "export_price": [0.1] * 3, "load": [0.0] * 3}
    problem = a_problem(a_site(battery, **flat))

    dispatch = simulate(problem, Trajectory(np.array([[9.0, 9.0, 0.0]]))).dispatch

    assert dispatch.charge[0].tolist() == pytest.approx([1.0, 1.0, 0.0])
    assert dispatch.discharge[0].tolist() == pytest.approx([0.0, 0.0, 1.8])
    assert dispatch.stored[0].tolist() == pytest.approx([5.9, 6.8, 4.8])


def test_power_in_keeps_to_the_charge_curve_where_each_interval_ends():
    battery = a_battery(charge_efficiency=1.0, charge_curve=[(0.5, 5.0), (1.0, 0.0)])
    flat = {"import_price": [0.1] * 3, "export_price": [0.1] * 3, "load": [0.0] * 3}
    problem = a_problem(a_site(battery, **flat))

    dispatch = simulate(problem, Trajectory(np.array([[10.0, 7.6, 7.6]]))).dispatch

    assert dispatch.stored[0].tolist() == pytest.approx([7.5, 7.6, 7.6])  # 2.5 kW at 75 %
    assert dispatch.charge[0].tolist() == pytest.approx([2.5, 0.1, 0.0])


# Solar of 5 kWh and a load of 1 kWh in one hour, a battery that rests: import price, export
# price, grid; then what is curtailed, imported and exported.
MAY = {"curtailment": True}
CURTAILMENT = {
    "nothing where exporting pays": (0.3, 0.1, MAY, 0.0, 0.0, 4.0),
    "nothing where exporting is free": (0.3, 0.0, MAY, 0.0, 0.0, 4.0),
    "the surplus where exporting costs": (0.3, -0.1, MAY, 4.0, 0.0, 0.0),
    "everything where importing pays": (-0.2, -0.1, MAY, 5.0, 1.0, 0.0),
    "nothing where exporting pays more than importing": (-0.1, 0.1, MAY, 0.0, 0.0, 4.0),
    "up to the limit where importing pays": (-0.2, -0.1, {**MAY, "import_limit": 0.4}, 4.4, 0.4, 0),
    "down to the export limit": (0.3, 0.1, {**MAY, "export_limit": 1.5}, 2.5, 0.0, 1.5),
    "nothing unless asked for": (0.3, -0.1, {}, 0.0, 0.0, 4.0),
    "nothing unless asked for, even where importing pays": (-0.2, -0.1, {}, 0.0, 0.0, 4.0),
    "what the limit cuts in any case": (0.3, 0.1, {"export_limit": 1.0}, 3.0, 0.0, 1.0),
    "no more than the limit cuts": (0.3, -0.1, {"export_limit": 1.0}, 3.0, 0.0, 1.0),
    "no more, where importing pays": (-0.2, 0.1, {"export_limit": 0.0}, 4.0, 0.0, 0.0),
}


@pytest.mark.parametrize(
    ("import_price", "export_price", "grid", "curtailed", "imported", "exported"),
    CURTAILMENT.values(),
    ids=CURTAILMENT.keys(),
)
def test_solar_is_curtailed(import_price, export_price, grid, curtailed, imported, exported):
    prices = {"import_price": [import_price], "export_price": [export_price]}
    resting = a_battery(charge_limit=0.0, discharge_limit=0.0)
    site = a_site(resting, **prices, load=[1.0], solar=[5.0], grid=Grid(**grid))

    dispatch = plan(site, CostFunction.PROFIT).dispatch

    assert dispatch.curtailed.tolist() == pytest.approx([curtailed])
    assert dispatch.grid_import.tolist() == pytest.approx([imported])
    assert dispatch.grid_export.tolist() == pytest.approx([exported])


@given(homes(well_behaved=True, attainable=True), cost_functions)
def test_the_planning_cost_of_an_exact_plan_is_the_objective_of_the_programme(site, cost_function):
    problem = a_problem(site, cost_function)
    formulation = formulate(problem)
    solution = highs.solve(formulation.lp, time_limit=60.0)
    optimum = objective(formulation.lp, solution.x)

    levels = Trajectory(formulation.trajectory(solution.x).levels)
    cost = planning_cost(problem, simulate(problem, levels).dispatch)

    assert abs(cost - optimum) <= agreement(optimum)
