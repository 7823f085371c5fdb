"""The kernels of the value function, each against a few lines of numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimiser.value_function.backward import add_level_penalty, convolve
from optimiser.value_function.convolution import merge_convex
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import SLOPE, X, Y, from_slopes, value_of
from tests.programmes import programmes

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
    """A function around zero and its size; convex or not, perhaps of a single point."""
    left = draw(st.lists(lengths, max_size=most_left))
    right = draw(st.lists(lengths, max_size=most_right))
    n = len(left) + len(right)
    rises = draw(st.lists(slopes, min_size=n, max_size=n))
    f = np.full((3, ROOM), np.nan)
    x = np.concatenate([-np.cumsum(left)[::-1], [0.0], np.cumsum(right)])
    size = from_slopes(x, np.array(rises, dtype=np.float64), f)
    if size == 0:
        f[X, 0] = 0.0
    return f, size


def values_at(f, size, at):
    return np.interp(at, f[X, : size + 1], f[Y, : size + 1])


def points_of(f, size):
    """Breakpoints of a function, and points between them."""
    x = f[X, : size + 1]
    return np.concatenate([x, (x[1:] + x[:-1]) / 2, np.linspace(x[0], x[-1], 17)])


def least_sums(w, w_size, h, h_size, at):
    """``min over u of h(u) + w(at - u)``; reached at a breakpoint of either."""
    best = np.full(at.size, np.inf)
    low, high, least, most = w[X, 0], w[X, w_size], h[X, 0], h[X, h_size]
    kinks = [np.full(at.size, u) for u in h[X, : h_size + 1]]
    kinks += [at - x for x in w[X, : w_size + 1]]
    for kink in kinks:
        u = np.clip(kink, np.maximum(least, at - high), np.minimum(most, at - low))
        total = values_at(h, h_size, u) + values_at(w, w_size, at - u)
        best = np.minimum(best, total)
    return best


@MANY
@given(functions(0, 8), functions(2, 2))
def test_a_convolution_is_the_least_sum(w_and_size, h_and_size):
    w, w_size = w_and_size
    h, h_size = h_and_size
    scratch, result = np.empty((3, 3, ROOM)), np.empty((3, ROOM))

    size = convolve(w, w_size, h, 0, h_size, w[X, 0], w[X, w_size], scratch, result)

    assert size >= 0
    assert (result[X, 0], result[X, size]) == (w[X, 0], w[X, w_size])
    at = points_of(result, size)
    expected = least_sums(w, w_size, h, h_size, at)
    np.testing.assert_allclose(values_at(result, size, at), expected, atol=EXACT)


@st.composite
def convex_functions(draw, most_left, most_right):
    """The same, with its slopes in ascending order."""
    f, size = draw(functions(most_left, most_right))
    rises = np.sort(f[SLOPE, :size])
    return f, from_slopes(f[X, : size + 1].copy(), rises, f)


@MANY
@given(convex_functions(0, 8), convex_functions(2, 2))
def test_a_merge_by_slopes_alone_is_the_least_sum(w_and_size, h_and_size):
    w, w_size = w_and_size
    h, h_size = h_and_size
    low, high = w[X, 0], w[X, w_size]
    x, rise = w[X].copy(), w[SLOPE].copy()

    size, base = merge_convex(x, rise, 0, w_size, h, 0, h_size, high)

    result = np.full((3, ROOM), np.nan)
    behind = w_size + 1
    result[X, : size + 1] = x[behind : behind + size + 1]
    result[SLOPE, :size] = rise[behind : behind + size]
    widths = np.diff(result[X, : size + 1])
    result[Y, : size + 1] = base + np.append(0.0, np.cumsum(widths * result[SLOPE, :size]))
    assert (result[X, 0], result[X, size]) == (low, high)
    assert (np.diff(result[SLOPE, :size]) > 0.0).all()
    at = points_of(result, size)
    expected = least_sums(w, w_size, h, h_size, at)
    np.testing.assert_allclose(values_at(result, size, at), expected, atol=EXACT)


@given(functions(0, 8), functions(2, 2), st.integers(1, 40))
def test_without_room_it_says_so_and_writes_nothing_beyond(w_and_size, h_and_size, room):
    w, w_size = w_and_size
    h, h_size = h_and_size
    band = w[X, 0], w[X, w_size]
    scratch, result = np.empty((3, 3, ROOM)), np.empty((3, ROOM))
    size = convolve(w, w_size, h, 0, h_size, *band, scratch, result)
    storage = np.full(3 * room + 1, np.nan)
    small = storage[:-1].reshape(3, room)

    found = convolve(w, w_size, h, 0, h_size, *band, np.empty((3, 3, room)), small)

    assert found in {size, -2}
    assert np.isnan(storage[-1])


@given(functions(0, 8), st.floats(-1.0, 9.0), st.floats(-1.0, 9.0))
def test_levels_are_penalised_outside_their_band(f_and_size, floor, ceiling):
    f, size = f_and_size
    at = points_of(f, size)
    missed = np.maximum(floor - at, 0.0) + np.maximum(at - ceiling, 0.0)
    expected = values_at(f, size, at) + 700.0 * missed

    size = add_level_penalty(f, size, floor, ceiling, 700.0, np.empty((3, ROOM)))

    np.testing.assert_allclose(values_at(f, size, at), expected, atol=EXACT)


def costs_of(programme):
    """Cost of every interval by the energy that the storage gives."""
    storages = programme.storages
    return interval_costs(
        programme.meter,
        storages.charge_limit[0],
        storages.discharge_limit[0],
        0,
        programme.site.penalty,
        float(storages.charge_efficiency[0]),
        float(storages.discharge_efficiency[0]),
        float(storages.wear[0]),
    )


def kinked_moves(programme, t):
    """Changes of stored energy at which the cost of an interval may have a kink. [kWh]"""
    site, storages = programme.site, programme.storages
    meter = np.array([-site.export_limit[t], 0.0, site.import_limit[t]])
    meter = np.concatenate([meter, [meter[0] - site.export_excess[t]]])
    meter = np.concatenate([meter, [meter[2] + site.import_excess[t]]])
    drawn = np.concatenate([meter, meter - site.curtail_limit[t]]) - site.net_load[t]
    most, least = storages.charge_limit[0, t], -storages.discharge_limit[0, t]
    energy = np.unique(np.clip(np.concatenate([drawn, [0.0, most, least]]), least, most))
    return np.where(
        energy > 0,
        energy * storages.charge_efficiency[0],
        energy / storages.discharge_efficiency[0],
    )


def least_cost(programme, t, moves):
    """Least cost of an interval by the change of stored energy; infinite beyond a limit."""
    site, storages = programme.site, programme.storages
    charge = np.maximum(moves, 0.0) / storages.charge_efficiency[0]
    discharge = np.maximum(-moves, 0.0) * storages.discharge_efficiency[0]
    drawn = site.net_load[t] + charge - discharge
    most_in = site.import_limit[t] + site.import_excess[t]
    most_out = site.export_limit[t] + site.export_excess[t]
    kinks = (0.0, -site.export_limit[t], -most_out, site.import_limit[t], most_in)
    wanted = [kink - drawn for kink in kinks]
    wanted += [np.full_like(drawn, share * site.curtail_limit[t]) for share in (0.0, 0.3, 0.7, 1.0)]
    best = np.full_like(drawn, np.inf)
    for curtailed in wanted:
        metered = drawn + np.clip(curtailed, 0.0, site.curtail_limit[t])
        cost = np.where(metered > 0, site.import_price[t], site.export_price[t]) * metered
        beyond = np.maximum(metered - site.import_limit[t], -site.export_limit[t] - metered)
        cost += site.penalty * np.maximum(beyond, 0.0)
        cost[(metered > most_in + SLACK) | (metered < -most_out - SLACK)] = np.inf
        best = np.minimum(best, cost)
    best[charge > storages.charge_limit[0, t] + SLACK] = np.inf
    best[discharge > storages.discharge_limit[0, t] + SLACK] = np.inf
    return best + storages.wear[0] * (charge + discharge)


@SOME
@given(programmes(3))
def test_the_cost_of_an_interval_is_the_least_of_all_curtailments(programme):
    storages = programme.storages

    costs, place = costs_of(programme)

    for t in range(programme.hours.size):
        f, size = costs[:, place[t] : place[t + 1]], place[t + 1] - place[t] - 1
        kinks = -kinked_moves(programme, t)
        assert f[X, 0] <= 0.0 <= f[X, size]
        most = storages.discharge_limit[0, t] / storages.discharge_efficiency[0]
        assert f[X, size] <= most + SLACK
        given_up = np.concatenate([points_of(f, size), kinks])
        given_up = given_up[(given_up >= f[X, 0]) & (given_up <= f[X, size])]
        expected = least_cost(programme, t, -given_up)
        np.testing.assert_allclose(values_at(f, size, given_up), expected, atol=EXACT, rtol=1e-12)


def test_a_value_goes_on_as_it_ended():
    f = np.empty((3, 4))
    size = from_slopes(np.array([1.0, 2.0, 4.0]), np.array([3.0, -1.0]), f)

    values = [value_of(f, size, at) for at in (0.5, 1.0, 1.5, 3.0, 5.0)]

    assert values == pytest.approx([-1.5, 0.0, 1.5, 2.0, 0.0])
