"""Kernels of schedules against what numpy makes of the same arrays."""

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from optimiser import plan
from optimiser.result.plan import ACTIONS, actions_of
from server.writing import rows
from server.writing.schedules import HomeWriter
from server.writing.summary import watts
from tests.optimiser.houses import house
from tests.tolerances import KERNEL


@st.composite
def energies(draw):
    """Length of intervals, batteries and vehicles, and a source of energies of a shape."""
    n, batteries, vehicles = draw(
        st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(0, 2))
    )
    hours = draw(npst.arrays(np.float64, n, elements=st.floats(1 / 120, 24)))
    amounts = st.floats(-1e-9, 1e4) | st.just(0.0)
    return (
        hours,
        batteries,
        vehicles,
        lambda *shape: draw(npst.arrays(np.float64, (*shape, n), elements=amounts)),
    )


@given(energies())
def test_powers_of_a_home_are_sums_of_its_energies(drawn):
    hours, batteries, vehicles, some = drawn
    charge, discharge = some(batteries), some(batteries)
    to_load, to_vehicle, to_grid, bought, sold = some(), some(vehicles), some(), some(), some()
    solar = some(), some(vehicles), some(), some()
    grid = some(), some(vehicles), some()
    curtailed, powers = some(), np.empty((rows.N_ROWS, hours.size))

    rows.home_powers(
        charge, discharge, to_load, to_vehicle, to_grid, bought, sold, *solar, *grid, curtailed,
        hours, powers,
    )  # fmt: skip

    due = {
        rows.CHARGE: charge.sum(axis=0),
        rows.DISCHARGE: discharge.sum(axis=0),
        rows.BATTERY_CONSUME: to_load + to_vehicle.sum(axis=0),
        rows.BATTERY_EXPORT: to_grid,
        rows.GRID_IMPORT: bought,
        rows.GRID_EXPORT: sold,
        rows.SOLAR_TO_LOAD: solar[0] + solar[1].sum(axis=0),
        rows.SOLAR_TO_BATTERY: solar[2],
        rows.SOLAR_TO_GRID: solar[3],
        rows.GRID_TO_LOAD: grid[0] + grid[1].sum(axis=0),
        rows.GRID_TO_BATTERY: grid[2],
        rows.SOLAR_CURTAILED: curtailed,
    }
    assert sorted(due) == list(range(rows.N_ROWS))
    for row, energy in due.items():
        np.testing.assert_allclose(powers[row], watts(energy, hours), rtol=KERNEL, atol=1.01e-4)


@given(energies())
def test_a_single_energy_has_the_watts_that_all_replies_round_to(drawn):
    hours, _, _, some = drawn
    none, nothing, energy = np.zeros((0, hours.size)), np.zeros(hours.size), some(1)
    powers = np.empty((rows.N_ROWS, hours.size))

    rows.home_powers(
        energy, 0 * energy, nothing, none, energy[0], *[nothing] * 3, none, *[nothing] * 3,
        none, *[nothing] * 2, hours, powers,
    )  # fmt: skip

    for row in (rows.CHARGE, rows.BATTERY_EXPORT):
        assert powers[row].tolist() == watts(energy[0], hours).tolist()


@given(st.data(), st.integers(1, 3), st.integers(1, 5))
def test_the_mean_state_of_charge_is_weighted_by_capacity(data, batteries, n):
    capacity = data.draw(npst.arrays(np.float64, batteries, elements=st.sampled_from([0.0, 5, 13])))
    initial = data.draw(npst.arrays(np.float64, batteries, elements=st.floats(0, 1)))
    share = data.draw(npst.arrays(np.float64, (batteries, n), elements=st.floats(0, 1)))
    share[capacity == 0] = initial[capacity == 0, np.newaxis]
    soc = np.empty(n + 1)

    rows.mean_soc(share * capacity[:, np.newaxis], capacity, initial, soc)

    weights = capacity if capacity.any() else np.ones(batteries)
    due = np.average(np.column_stack([initial, share]), axis=0, weights=weights)
    np.testing.assert_allclose(soc, due, rtol=0, atol=0.51e-7)
    assert soc.tolist() == np.round(soc, rows.SOC_DIGITS).tolist()


@given(st.data(), st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 12))
def test_runs_have_one_action_each_and_their_mean_power(data, codes, most):
    n, charging = len(codes), 0
    hours = data.draw(npst.arrays(np.float64, n, elements=st.floats(0.1, 2)))
    powers = data.draw(npst.arrays(np.float64, (rows.N_ROWS, n), elements=st.floats(0, 1e4)))
    begins, means = np.empty(most + 1, np.int64), np.empty(most)

    count = rows.first_runs(np.array(codes), powers, charging, hours, begins, means)

    runs = [list(run) for _, run in groupby(range(n), codes.__getitem__)]
    assert count == min(len(runs), most)
    for run, first, after, mean in zip(runs, begins, begins[1 : count + 1], means, strict=False):
        row = rows.CHARGE if codes[run[0]] == charging else rows.DISCHARGE
        assert run == list(range(first, after))
        np.testing.assert_allclose(
            mean, np.average(powers[row, run], weights=hours[run]), rtol=1e-9
        )


@given(energies(), st.booleans())
def test_the_course_of_a_home_is_made_of_its_parts(drawn, client_safe):
    hours, batteries, vehicles, some = drawn
    charge, discharge = some(batteries), some(batteries)
    battery = some(), some(vehicles), some()
    others = *(some(), some()), some(), some(vehicles), some(), some(), some(), some(vehicles)
    from_grid, curtailed, stored = some() * 1e-6, some(), some(batteries)
    capacity, initial = np.full(batteries, 1e4), np.linspace(0, 1, batteries)
    energy = charge, discharge, *battery, *others, from_grid, curtailed
    n, most = hours.size, 4
    powers, soc, codes = np.empty((rows.N_ROWS, n)), np.empty(n + 1), np.empty(n, np.int64)
    begins, means = np.empty(most + 1, np.int64), np.empty(most)
    frozen = hours.copy()
    frozen.flags.writeable = False

    count = rows.home_course(
        *energy, frozen, stored, capacity, initial, client_safe, powers, soc, codes, begins, means
    )

    due, level = np.empty_like(powers), np.empty_like(soc)
    rows.home_powers(*energy, hours, due)
    if client_safe:
        due[rows.CHARGE] = np.where(due[rows.GRID_TO_BATTERY] < 1, 0, due[rows.CHARGE])
    rows.mean_soc(stored, capacity, initial, level)
    assert powers.tolist() == due.tolist()
    np.testing.assert_array_equal(soc, level)
    told = due[[rows.CHARGE, rows.DISCHARGE, rows.BATTERY_CONSUME, rows.BATTERY_EXPORT]]
    actions = actions_of(*told / 1000)
    assert [ACTIONS[code] for code in codes.tolist()] == list(actions)
    runs = [len(list(run)) for _, run in groupby(actions)]
    assert begins[: count + 1].tolist() == np.cumsum([0, *runs])[: most + 1].tolist()


def test_a_draft_is_the_schedule_of_its_own_plan_only():
    drafted, other = plan(house()), plan(house(seed=1))
    writer = HomeWriter(drafted.site, client_safe_charge=False)

    written = writer.draft(drafted.dispatch, drafted.flows)

    assert writer.schedule(drafted) is written
    assert bytes(writer.schedule(other).charge) != bytes(written.charge)
    assert bytes(writer.schedule(drafted).charge) == bytes(written.charge)
