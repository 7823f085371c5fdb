"""The unit of money, over HTTP: said once, it changes no schedule; replies are in whole money."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.end_to_end import COST_FUNCTIONS, plan_of, post, small_request
from tests.end_to_end.contract import EV, FLEET, HOME, ev_request, fleet_request

SERIES = ("grid_import_w", "grid_export_w")
PRICED = {"end_value": 0.12, "cycle_cost": 0.02}
EXTRAS = {
    "demand_charges": [{"price_per_kw": 0.6, "peak_so_far_kw": 1}],
    "allowances": [{"direction": "export", "daily_quota_kwh": 2, "bonus_price": 0.3}],
}
UNITS = {"ct/kWh": (100, 100), "c/kWh": (100, 100), "EUR/MWh": (1000, 1), "$/kWh": (1, 1)}

over_http = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def in_unit(request, per_kwh, per_kw):
    """The same request, its prices multiplied field by field."""
    scaled = {**request}
    for name in ("prices_import", "prices_export"):
        scaled[name] = [round(per_kwh * price, 9) for price in request[name]]
    if "battery" in request:
        battery = {name: per_kwh * request["battery"][name] for name in PRICED}
        scaled["battery"] = {**request["battery"], **battery}
    if "demand_charges" in request:
        (charge,), (allowance,) = request["demand_charges"], request["allowances"]
        scaled["demand_charges"] = [{**charge, "price_per_kw": per_kw * charge["price_per_kw"]}]
        bonus = per_kwh * allowance["bonus_price"]
        scaled["allowances"] = [{**allowance, "bonus_price": bonus}]
    return scaled


def meter(reply):
    held = reply.get("schedule", {}) | reply.get("aggregated", {}) | reply.get("meter", {})
    return [held[name] for name in SERIES]


def bill(reply):
    return reply["bill"] if "bill" in reply else reply["summary"]


async def answer(client, path, request):
    status, reply = await post(client, request, path=path)
    assert status == 200, reply
    return reply


SITES = {
    "home": (HOME, small_request(battery=PRICED)),
    "extras": (HOME, small_request(battery=PRICED, **EXTRAS)),
    "fleet": (FLEET, fleet_request()),
    "vehicle": (EV, ev_request()),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("site", SITES)
async def test_prices_in_a_unit_that_is_said_give_the_same_plan(client, site, unit):
    path, request = SITES[site]

    plain = await answer(client, path, request)
    said = await answer(client, path, {**in_unit(request, *UNITS[unit]), "price_unit": unit})

    assert said["warnings"] == plain["warnings"]
    for one, other in zip(meter(said), meter(plain), strict=True):
        assert one == pytest.approx(other, abs=0.01)
    assert bill(said)["total_cost"] == pytest.approx(bill(plain)["total_cost"], abs=2e-6)


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
@pytest.mark.parametrize("factor", [1e-3, 10, 100, 1e3, 1e6])
@pytest.mark.parametrize("site", SITES)
async def test_scaled_prices_scale_the_bill_and_change_no_schedule(
    client, site, factor, cost_function
):
    path, request = SITES[site]
    request = {**request, "cost_function": cost_function}

    plain = await answer(client, path, request)
    scaled = await answer(client, path, in_unit(request, factor, factor))

    for one, other in zip(meter(scaled), meter(plain), strict=True):
        assert one == pytest.approx(other, abs=0.01)
    for name in ("total_cost", "baseline_cost", "demand_cost", "allowance_credit"):
        amount = factor * bill(plain)[name]
        assert bill(scaled)[name] == pytest.approx(amount, rel=1e-6, abs=2e-6 * factor), name


@over_http
@given(
    prices=st.lists(st.integers(100, 999), min_size=8, max_size=8),
    decades=st.integers(-3, 6),
    share=st.integers(0, 90),
)
async def test_any_prices_in_any_money_give_one_schedule(client, prices, decades, share):
    usual = [price / 1000 for price in prices]
    request = small_request(
        battery=PRICED,
        prices_import=usual,
        prices_export=[round(price * share / 100, 6) for price in usual],
    )

    plain = await answer(client, HOME, request)
    scaled = await answer(client, HOME, in_unit(request, 10.0**decades, 1))

    for one, other in zip(meter(scaled), meter(plain), strict=True):
        assert one == pytest.approx(other, abs=0.01)


@pytest.mark.parametrize("currency", ["HUF", "JPY", "\u20ac", "kr"])
async def test_the_currency_is_echoed(client, currency):
    reply = await plan_of(client, small_request(currency=currency))

    assert reply["currency"] == currency
    assert "currency" not in await plan_of(client, small_request())


async def test_a_cheap_default_of_a_spike_rule_says_that_it_never_charges(client):
    rule = {"spike_protection_enabled": True}
    request = small_request(
        prices_import=[30.0] * 8, currency="JPY", price_unit="JPY/kWh", provider_config=rule
    )

    reply = await answer(client, HOME, request)

    (warning,) = reply["warnings"]
    assert "never lets the battery charge" in warning["message"]
