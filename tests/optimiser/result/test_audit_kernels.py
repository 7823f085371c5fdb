"""What the audit measures, against arrays added up at once; anything may be not a number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy
from optimiser.result.audit_kernels import (
    bill_of_flows,
    flow_error,
    look_at,
    meter_error,
    storage_error,
    worse,
)

from optimiser.model.dispatch import DEAD_BAND
from tests.tolerances import KERNEL

energies = st.sampled_from((0.0, 0.0, 0.25, 1.0, 1.75, 3.0, -0.5, 1e-7)) | st.floats(-2.0, 8.0)
numbers_of_intervals = st.integers(1, 5)


def arrays(*shape, of=energies):
    return numpy.arrays(np.float64, shape, elements=of)


@st.composite
def doubtful(draw, *shape):
    """Energies of a plan, now and then with one that is not a number."""
    values = draw(arrays(*shape))
    if values.size and draw(st.integers(0, 9)) == 9:
        values.flat[draw(st.integers(0, values.size - 1))] = np.nan
    return values


def worst_of(*violations):
    """Largest entry of some arrays, at least zero; infinite where there is a NaN."""
    everything = np.concatenate([[0.0], *(np.ravel(violation) for violation in violations)])
    return math.inf if np.isnan(everything).any() else float(everything.max())


def same(value):
    return pytest.approx(value, rel=KERNEL, abs=KERNEL)


@given(energies.map(abs), energies | st.just(math.nan))
def test_a_nan_is_worse_than_anything(worst, excess):
    assert worse(worst, excess) == worst_of(worst, excess)
    assert worse(math.inf, excess) == math.inf


@given(st.data())
def test_a_storage_is_simulated_from_its_power(data):
    n = data.draw(numbers_of_intervals)
    initial, low, high, least, most_in, most_out = data.draw(arrays(6, of=energies))
    eta_in, eta_out = data.draw(arrays(2, of=st.sampled_from((1.0, 0.9, 0.8))))
    hours = data.draw(arrays(n, of=st.sampled_from((0.0, 0.25, 0.5, 1.0))))
    charge, discharge, stored = data.draw(doubtful(3, n))

    found = storage_error(
        *(initial, low, high, eta_in, eta_out, least, most_in, most_out),
        *(hours, charge, discharge, stored),
    )

    simulated = initial + np.cumsum(charge * eta_in - discharge / eta_out)
    assert found == same(
        worst_of(
            np.abs(simulated - stored),
            low - stored,
            stored - high,
            charge - hours * most_in,
            discharge - hours * most_out,
            np.minimum(charge, discharge),
            np.where(charge > 0, hours * least - charge, 0.0),
        )
    )


@given(st.data())
def test_the_meter_is_held_to_what_the_house_forces(data):
    n = data.draw(numbers_of_intervals)
    passed_on = data.draw(st.sampled_from((math.inf, 0.0, 1.0, 2.5)))
    may_curtail = data.draw(st.booleans())
    hours = data.draw(arrays(n, of=st.sampled_from((0.25, 0.5, 1.0))))
    load, solar = data.draw(arrays(2, n, of=energies.map(abs)))
    most_in, most_out = data.draw(arrays(2, n, of=energies.map(abs) | st.just(math.inf)))
    grid_import, grid_export, curtailed = data.draw(doubtful(3, n))

    found = meter_error(
        *(passed_on, may_curtail, hours, load, solar, most_in, most_out),
        *(grid_import, grid_export, curtailed),
    )

    net_load, clipped = load - solar, np.maximum(solar - hours * passed_on, 0.0)
    lost = solar if may_curtail else clipped
    slack = hours * DEAD_BAND
    assert found == same(
        worst_of(
            grid_import - np.maximum(most_in, net_load + clipped) - slack,
            grid_export - np.maximum(most_out, -net_load - lost) - slack,
            np.minimum(grid_import, grid_export),
            curtailed - lost,
        )
    )


@given(st.data())
def test_every_balance_is_added_up(data):
    t, n, v = data.draw(numbers_of_intervals), *data.draw(st.tuples(*2 * [st.integers(0, 2)]))
    load, solar = data.draw(arrays(2, t, of=energies))
    charge, discharge = data.draw(doubtful(2, n + v, t))
    grid_import, grid_export, curtailed = data.draw(doubtful(3, t))
    whole, to_vehicle = data.draw(doubtful(10, t)), data.draw(doubtful(4, v, t))

    found = flow_error(
        *(n, load, solar, charge, discharge, grid_import, grid_export, curtailed),
        *(whole, to_vehicle),
    )

    s_load, s_battery, s_grid, b_load, b_grid, v_load, v_battery, v_grid, g_load, g_battery = whole
    solar_to, battery_to, vehicle_to, grid_to = to_vehicle.sum(axis=1)
    charged, discharged = charge[:n].sum(axis=0), discharge[:n].sum(axis=0)
    assert found == same(
        worst_of(
            -whole,
            -to_vehicle,
            np.minimum(charged, discharged),
            np.abs(to_vehicle.sum(axis=0) - charge[n:]),
            np.abs(s_load + b_load + v_load + g_load - load),
            np.abs(s_battery + v_battery + g_battery - charged),
            np.abs(s_grid + b_grid + v_grid - grid_export),
            np.abs(s_load + s_battery + s_grid + solar_to + curtailed - solar),
            np.abs(b_load + b_grid + battery_to - discharged),
            np.abs(v_load + v_battery + v_grid + vehicle_to - discharge[n:].sum(axis=0)),
            np.abs(g_load + g_battery + grid_to - grid_import),
        )
    )


@given(st.data())
def test_the_flows_through_the_meter_are_priced(data):
    t, v = data.draw(numbers_of_intervals), data.draw(st.integers(0, 2))
    import_price, export_price = data.draw(arrays(2, t, of=energies))
    whole, to_vehicle = data.draw(doubtful(10, t)), data.draw(doubtful(4, v, t))
    drawn = np.empty(t)

    due, traded = bill_of_flows(import_price, export_price, whole, to_vehicle, drawn)

    bought = whole[8:].sum(axis=0) + to_vehicle[3].sum(axis=0)
    paid, earned = bought * import_price, whole[[2, 4, 7]].sum(axis=0) * export_price
    assert drawn == pytest.approx(bought, nan_ok=True)
    assert due == pytest.approx(float((paid - earned).sum()), nan_ok=True)
    assert traded == pytest.approx(float((np.abs(paid) + np.abs(earned)).sum()), nan_ok=True)


@given(st.data())
def test_one_look_finds_what_each_of_its_parts_finds(data):
    t, n, v = data.draw(numbers_of_intervals), *data.draw(st.tuples(*2 * [st.integers(0, 2)]))
    passed_on, may_curtail = data.draw(st.sampled_from((math.inf, 1.0))), data.draw(st.booleans())
    hours = data.draw(arrays(t, of=st.sampled_from((0.25, 0.5, 1.0))))
    load, solar, *limits = data.draw(arrays(4, t, of=energies.map(abs)))
    prices = data.draw(arrays(2, t, of=energies))
    charge, discharge = data.draw(doubtful(2, n + v, t))
    through = data.draw(doubtful(3, t))
    whole, to_vehicle = data.draw(doubtful(10, t)), data.draw(doubtful(4, v, t))
    drawn, drawn_apart = np.empty((2, t))

    error, due, traded = look_at(
        *(n, passed_on, may_curtail, hours, load, solar, *limits, *prices),
        *(charge, discharge, *through, drawn, *whole, *to_vehicle),
    )

    in_flows = flow_error(n, load, solar, charge, discharge, *through, whole, to_vehicle)
    at_meter = meter_error(passed_on, may_curtail, hours, load, solar, *limits, *through)
    bill = bill_of_flows(*prices, whole, to_vehicle, drawn_apart)
    assert error == max(in_flows, at_meter)
    np.testing.assert_array_equal((due, traded), bill)
    np.testing.assert_array_equal(drawn, drawn_apart)
