"""The action that brings a planned power about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.telling.choice import Case, choice

POWERS = st.floats(-6000.0, 6000.0)


def case(power, plain, **changes):
    return Case(power=power, plain=plain, tolerance=100.0, **changes)


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        (case(2000.0, 2000.0), ("normal", 0.0)),
        (case(-800.0, -850.0), ("normal", 0.0)),
        (case(5000.0, 2000.0), ("charge", 5000.0)),
        (case(1000.0, 3000.0), ("charge", 1000.0)),
        (case(3000.0, -500.0), ("charge", 3000.0)),
        (case(0.0, 3000.0), ("charge", 0.0)),
        (case(0.0, 3000.0, is_nearly_full=True), ("normal", 0.0)),
        (case(0.0, -500.0), ("hold", 0.0)),
        (case(-5000.0, -500.0), ("export", 5000.0)),
        (case(-5000.0, 1000.0), ("export", 5000.0)),
        (case(-400.0, -900.0), ("export", 400.0)),
        (case(-600.0, -900.0, is_at_reserve=True), ("normal", 0.0)),
        (case(-300.0, -900.0, is_at_reserve=True), ("hold", 0.0)),
        (case(-600.0, -900.0, may_export=False), ("normal", 0.0)),
        (case(-300.0, -900.0, may_export=False), ("hold", 0.0)),
    ],
)
def test_an_action_brings_the_planned_power_about(planned, expected):
    assert choice(planned) == expected


def test_the_reserve_is_held_by_a_command_even_where_nothing_is_gained():
    planned = case(0.0, -500.0, is_at_reserve=True, is_gainful=False)

    assert choice(planned) == ("hold", 0.0)


@given(POWERS, POWERS, st.booleans(), st.booleans(), st.booleans())
def test_without_gain_only_the_reserve_is_commanded(power, plain, at_reserve, full, may_export):
    planned = case(
        power,
        plain,
        is_at_reserve=at_reserve,
        is_nearly_full=full,
        may_export=may_export,
        is_gainful=False,
    )

    assert choice(planned)[0] in ({"normal", "hold"} if at_reserve else {"normal"})


@given(POWERS, POWERS)
def test_the_power_that_an_action_leads_to_is_the_planned_one(power, plain):
    action, watts = choice(case(power, plain))

    reached = {"normal": plain, "charge": watts, "export": -watts, "hold": max(plain, 0.0)}[action]
    assert abs(reached - power) <= 100.0 + 1e-9
