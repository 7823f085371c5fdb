"""The kernels that simplify a value function, each against a few lines of numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser.value_function.periodic import drop_points, keep_convex_hull, largest_difference
from optimiser.value_function.piecewise import SLOPE, X, Y


@st.composite
def points(draw, least=2, most=60):
    """A function through some points from zero to one, with its slopes."""
    n = draw(st.integers(least, most))
    f = np.zeros((3, n))
    f[X] = np.append(0.0, np.cumsum(draw(st.lists(st.floats(0.1, 1), min_size=n, max_size=n))[1:]))
    f[X] /= f[X, -1]
    f[Y] = draw(st.lists(st.floats(-1.0, 1.0), min_size=n, max_size=n))
    f[SLOPE, :-1] = np.diff(f[Y]) / np.diff(f[X])
    return f


@given(points())
def test_a_hull_is_convex_and_the_largest_below(f):
    hull = f.copy()

    last = keep_convex_hull(hull)

    x, y = hull[X, : last + 1], hull[Y, : last + 1]
    assert (np.diff(np.diff(y) / np.diff(x)) > -1e-9).all()
    assert (np.interp(f[X], x, y) <= f[Y] + 1e-12).all()
    assert np.isin(x, f[X]).all()
    assert (x[0], x[-1]) == (0.0, f[X, -1])


def simplified(x, y, most):
    """The same by sorting."""
    while x.size - 1 > most:
        share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
        lift = y[:-2] + share * (y[2:] - y[:-2]) - y[1:-1]
        lift[1::2] = np.inf
        leaving = np.argsort(lift, kind="stable")[: min(x.size - 1 - most, (lift.size + 1) // 2)]
        x, y = np.delete(x, 1 + leaving), np.delete(y, 1 + leaving)
    return x, y


@given(points(), st.integers(1, 24))
def test_the_points_that_matter_least_are_left_out(f, most):
    x, y = simplified(f[X], f[Y], most)

    last = drop_points(f, f.shape[1] - 1, most)

    assert f[X, : last + 1].tolist() == x.tolist()
    assert f[Y, : last + 1].tolist() == y.tolist()


@given(points(), points())
def test_the_largest_difference_is_at_a_point_of_either(f, g):
    x = np.union1d(f[X], g[X])
    expected = np.abs(np.interp(x, f[X], f[Y]) - np.interp(x, g[X], g[Y])).max()

    found = largest_difference(f, g)

    assert found == pytest.approx(expected, abs=1e-12)
