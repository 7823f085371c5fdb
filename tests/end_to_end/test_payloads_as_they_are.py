"""What the client really sends: lists of different grids, odd feeds, kilowatts."""

import math

import pytest

from benchmarks.days import synthetic_request
from tests.end_to_end import COST_FUNCTIONS, plan_of, warned

SERIES = ("prices_import", "prices_export", "solar_forecast", "load_forecast")


def day(n=576, minutes=5, **changes):
    """As the client posts it: no time stamps."""
    return {**synthetic_request(11, n, minutes, start=None), **changes}


def block_means(values, size):
    blocks = range(0, len(values), size)
    return [math.fsum(values[at : at + size]) / size for at in blocks]


async def test_half_hour_prices_come_with_five_minute_forecasts(client):
    coarse, fine = day(96, 30), day(576, 5)
    forecasts = {name: fine[name] for name in ("solar_forecast", "load_forecast")}
    meant = {**coarse, **{name: block_means(values, 6) for name, values in forecasts.items()}}

    reply = await plan_of(client, {**coarse, **forecasts}, meant)

    assert warned(reply) == [("resampled", "load_forecast"), ("resampled", "solar_forecast")]


async def test_a_day_of_half_hours_comes_with_two_days_of_forecasts(client):
    coarse, fine = day(48, 30), day(576, 5)
    forecasts = {name: fine[name] for name in ("solar_forecast", "load_forecast")}
    meant = {
        **coarse,
        **{name: block_means(values[:288], 6) for name, values in forecasts.items()},
    }

    reply = await plan_of(client, {**coarse, **forecasts}, meant)

    assert [code for code, _ in warned(reply)] == ["resampled"] * 2


async def test_a_day_that_comes_alone_is_planned_alone(client):
    reply = await plan_of(client, day(288))

    assert len(reply["schedule"]["charge_w"]) == 288
    assert reply["warnings"] == []


async def test_three_days_are_planned_in_full(client):
    reply = await plan_of(client, day(864))

    assert len(reply["schedule"]["charge_w"]) == 864
    assert reply["warnings"] == []


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
@pytest.mark.parametrize("priced", [60, 96])
async def test_half_hourly_channels_read_as_five_minutes_stay_possible(
    client, priced, cost_function
):
    """Amber: the general and another channel in turns, then nothing for most of two days."""
    request = day(cost_function=cost_function)
    prices = [price for p in request["prices_import"][: priced // 2] for price in (p, 0)]
    sold = [price for p in request["prices_export"][: priced // 2] for price in (p, 0)]
    rest = [0] * (576 - priced)

    reply = await plan_of(
        client, {**request, "prices_import": prices + rest, "prices_export": sold + rest}
    )

    assert reply["warnings"] == []
    assert not reply["status"].startswith("heuristic")


async def test_a_load_from_the_recorder_is_in_kilowatts(client):
    request = day(288)
    kilowatts = [watts / 1000 for watts in request["load_forecast"]]

    reply = await plan_of(client, {**request, "load_forecast": kilowatts}, request)

    assert warned(reply) == [("unit", "load_forecast")]


async def test_a_solar_forecast_of_one_day_serves_two(client):
    request = day()
    first = request["solar_forecast"][:288]

    reply = await plan_of(
        client,
        {**request, "solar_forecast": first},
        {**request, "solar_forecast": first + first},
    )

    assert warned(reply) == [("extended", "solar_forecast")]


async def test_one_bad_reading_among_hundreds_costs_one_warning_a_series(client):
    request = day(288)
    broken = {name: [*request[name][:100], None, *request[name][101:]] for name in SERIES}
    mended = {
        name: [*values[:100], (values[99] + values[101]) / 2, *values[101:]]
        for name, values in ((name, request[name]) for name in SERIES)
    }

    reply = await plan_of(client, {**request, **broken}, {**request, **mended})

    assert sorted(warned(reply)) == sorted(("interpolated", name) for name in SERIES)
