"""The kernels of the value function, each against a few lines of numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimiser.value_function.convolution import (
    N_SCRATCH,
    NO_ROOM,
    add_level_penalty,
    convolve,
)
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import X, Y, value_at
from optimiser.value_function.storage_plan import function_from_slopes
from tests.problems import problems
from tests.tables import meter_of, storages_of

EXACT = 1e-8
"""Sums of a few terms; segments under 1e-12 kWh are left out, of up to 1000 $/kWh. [$]"""

ROOM = 512

SLACK = 1e-12
"""Rounding of a movement that just keeps a limit. [kWh]"""

MANY = settings(max_examples=6 * settings().max_examples)
SOME = settings(max_examples=3 * settings().max_examples)

lengths = st.sampled_from((0.0, 1e-13, 1e-11, 0.5, 1.0)) | st.floats(0.01, 3.0)
slopes = st.sampled_from((-20.0, -0.1, 0.0, 0.1, 0.1 + 1e-12, 0.2, 500.0)) | st.floats(-1.0, 1.0)


@st.composite
def functions(draw, most_left, most_right):
    """A function around zero; convex or not, perhaps of a single point."""
    left = draw(st.lists(lengths, max_size=most_left))
    right = draw(st.lists(lengths, max_size=most_right))
    n = len(left) + len(right)
    rises = draw(st.lists(slopes, min_size=n, max_size=n))
    x = np.concatenate([-np.cumsum(left)[::-1], [0.0], np.cumsum(right)])
    f = function_from_slopes(x, np.array(rises, dtype=np.float64))
    if f.shape[1] == 1:
        f[X] = 0.0
    return f


def values_at(f, at):
    return np.interp(at, f[X], f[Y])


def points_of(f):
    """Breakpoints of a function, and points between them."""
    x = f[X]
    return np.concatenate([x, (x[1:] + x[:-1]) / 2, np.linspace(x[0], x[-1], 17)])


def least_sums(w, h, at):
    """``min over u of h(u) + w(at - u)``; reached at a breakpoint of either."""
    best = np.full(at.size, np.inf)
    lower = np.maximum(h[X, 0], at - w[X, -1])
    upper = np.minimum(h[X, -1], at - w[X, 0])
    breakpoints = [np.full(at.size, u) for u in h[X]] + [at - x for x in w[X]]
    for breakpoint_ in breakpoints:
        u = np.clip(breakpoint_, lower, upper)
        best = np.minimum(best, values_at(h, u) + values_at(w, at - u))
    return best


def convolved(w, h, room=ROOM):
    """Number of segments of a convolution on the band of `w`, and the array that holds it."""
    result = np.full((3, room), np.nan)
    return convolve(w, h, w[X, [0, -1]], np.empty((N_SCRATCH, 3, room)), result), result


@MANY
@given(functions(0, 8), functions(2, 2))
def test_a_convolution_is_the_least_sum(w, h):
    size, result = convolved(w, h)

    assert size >= 0
    result = result[:, : size + 1]
    assert result[X, [0, -1]].tolist() == w[X, [0, -1]].tolist()
    at = points_of(result)
    np.testing.assert_allclose(values_at(result, at), least_sums(w, h, at), atol=EXACT)


@given(functions(0, 8), functions(2, 2), st.integers(1, 40))
def test_without_room_it_says_so_and_writes_nothing_beyond(w, h, room):
    size, _ = convolved(w, h)
    memory = np.full(3 * room + 1, np.nan)
    small = memory[:-1].reshape(3, room)

    found = convolve(w, h, w[X, [0, -1]], np.empty((N_SCRATCH, 3, room)), small)

    assert found in {size, NO_ROOM}
    assert np.isnan(memory[-1])


@given(functions(0, 8), st.floats(-1.0, 9.0), st.floats(-1.0, 9.0))
def test_levels_are_penalised_outside_their_band(f, floor, ceiling):
    at = points_of(f)
    missed = np.maximum(floor - at, 0.0) + np.maximum(at - ceiling, 0.0)
    result = np.empty((3, ROOM))

    size = add_level_penalty(f, np.array([floor, ceiling]), 700.0, result)

    expected = values_at(f, at) + 700.0 * missed
    np.testing.assert_allclose(values_at(result[:, : size + 1], at), expected, atol=EXACT)


def moves_of_breakpoints(problem, t):
    """Changes of stored energy at which the slope of an interval's cost may change. [kWh]"""
    meter, storages = meter_of(problem), storages_of(problem)
    metered = np.array([-meter.export_limit[t], 0.0, meter.import_limit[t]])
    metered = np.append(metered, metered[0] - meter.export_excess[t])
    metered = np.append(metered, metered[2] + meter.import_excess[t])
    drawn = np.concatenate([metered, metered - meter.curtail_limit[t]]) - meter.net_load[t]
    most, least = storages.charge_limit[0, t], -storages.discharge_limit[0, t]
    energy = np.unique(np.clip(np.concatenate([drawn, [0.0, most, least]]), least, most))
    into, out = storages.charge_efficiency[0], storages.discharge_efficiency[0]
    return np.where(energy > 0, energy * into, energy / out)


def least_cost(problem, t, moves):
    """Least cost of an interval by the change of stored energy; infinite beyond a limit."""
    meter, storages = meter_of(problem), storages_of(problem)
    charge = np.maximum(moves, 0.0) / storages.charge_efficiency[0]
    discharge = np.maximum(-moves, 0.0) * storages.discharge_efficiency[0]
    drawn = meter.net_load[t] + charge - discharge
    limits = meter.export_limit[t], meter.import_limit[t]
    most_out, most_in = limits[0] + meter.export_excess[t], limits[1] + meter.import_excess[t]
    wanted = [to - drawn for to in (0.0, -limits[0], -most_out, limits[1], most_in)]
    wanted += [
        np.full_like(drawn, share * meter.curtail_limit[t]) for share in (0.0, 0.3, 0.7, 1.0)
    ]
    best = np.full_like(drawn, np.inf)
    for curtailed in wanted:
        metered = drawn + np.clip(curtailed, 0.0, meter.curtail_limit[t])
        cost = np.where(metered > 0, meter.import_price[t], meter.export_price[t]) * metered
        beyond = np.maximum(metered - limits[1], -limits[0] - metered)
        cost += meter.penalty * np.maximum(beyond, 0.0)
        cost[(metered > most_in + SLACK) | (metered < -most_out - SLACK)] = np.inf
        best = np.minimum(best, cost)
    best[charge > storages.charge_limit[0, t] + SLACK] = np.inf
    best[discharge > storages.discharge_limit[0, t] + SLACK] = np.inf
    return best + storages.wear[0] * (charge + discharge)


@SOME
@given(problems(3))
def test_the_cost_of_an_interval_is_the_least_of_all_curtailments(problem):
    limits, traits = problem.storages.limits[:2, 0], problem.storages.traits[:, 0].copy()
    most = limits[1] / storages_of(problem).discharge_efficiency[0]

    costs, place = interval_costs(problem.meter, limits.copy(), traits, problem.penalty)

    for t in range(problem.hours.size):
        f = costs[:, place[t] : place[t + 1]]
        assert f[X, 0] <= 0.0 <= f[X, -1] <= most[t] + SLACK
        given_up = np.concatenate([points_of(f), -moves_of_breakpoints(problem, t)])
        given_up = given_up[(given_up >= f[X, 0]) & (given_up <= f[X, -1])]
        expected = least_cost(problem, t, -given_up)
        np.testing.assert_allclose(values_at(f, given_up), expected, atol=EXACT, rtol=1e-12)


def test_a_value_goes_on_as_it_ended():
    f = function_from_slopes(np.array([1.0, 2.0, 4.0]), np.array([3.0, -1.0]))

    values = [value_at(f, at) for at in (0.5, 1.0, 1.5, 3.0, 5.0)]

    assert values == pytest.approx([-1.5, 0.0, 1.5, 2.0, 0.0])
