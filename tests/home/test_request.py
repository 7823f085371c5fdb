from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.home.prices import export_rows, import_rows
from server.home.readings import CarReading, Inputs, SocReading
from server.home.request import end_of_plan, request_from
from server.options import Options
from server.plans.planning import Kind, answer_request
from server.settings.home import (
    ChargeNow,
    EntityPrices,
    FixedPrice,
    InverterSettings,
    MeterSettings,
    PriceSettings,
    SolarSettings,
    TariffPrices,
)
from server.settings.tariff import Rate, Tariff
from server.sources.rows import Row
from server.wire.requests import AllowanceIn, DemandChargeIn, ProviderConfigIn
from tests.settings.homes import a_battery, a_car, a_heat_store, a_home, a_load, homes

SYDNEY = "Australia/Sydney"
NOW = datetime(2026, 11, 30, 1, 3, 20, 500_000, tzinfo=UTC)  # Monday 12:03:20 in Sydney
HOUR = timedelta(hours=1)
TIME_OF_USE = PriceSettings(
    source=TariffPrices(
        tariff=Tariff(
            otherwise=0.25,
            rates=[
                Rate(price=0.55, start="15:00", end="21:00"),
                Rate(price=0.12, start="00:00", end="06:00"),
            ],
        )
    )
)


def powers(now, value):
    """Half-hourly powers over a plan: `value` of the local hour."""
    begin = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    starts = [begin + n * HOUR / 2 for n in range(150)]
    return [Row(at, at + HOUR / 2, value(at.astimezone(ZoneInfo(SYDNEY)).hour)) for at in starts]


def load(hour):
    return 1500.0 if 17 <= hour < 22 else 350.0


def sun(hour):
    return max(0.0, 3000.0 * (1 - ((hour - 12.5) / 6) ** 2))


def inputs_of(home, now=NOW, timezone=SYDNEY, soc=0.5, **changes):
    zone, end = ZoneInfo(timezone), end_of_plan(now, home)
    values = {
        "at": now,
        "zone": zone,
        "timezone": timezone,
        "import_prices": changes.pop("import_prices", None)
        or import_rows(home.import_price, [], now, end, zone, []),
        "export_prices": export_rows(home.export_price, [], now, end, zone, []),
        "solar_rows": powers(now, sun) if home.solar.energy else [],
        "load_rows": powers(now, load),
        "socs": [SocReading(value=soc, at=now) for _ in home.batteries],
        "runs": [None] * len(home.loads),
        "wanted": [True] * len(home.loads),
        "levels": [0.5] * len(home.heat),
        "cars": [CarReading(plugged=True, soc=0.4, departure=now + 18 * HOUR) for _ in home.cars],
    }
    return Inputs(**(values | changes))


def plan_of(home, inputs=None):
    inputs = inputs or inputs_of(home)
    kind, body = request_from(inputs, home)
    answer = answer_request(kind, body, Options(), lambda: inputs.at)
    return kind, msgspec.json.decode(answer.body), answer


def wire_of(home, **changes):
    return msgspec.json.decode(request_from(inputs_of(home, **changes), home)[1])


SOLAR = SolarSettings(energy=["sensor.solar_energy"])
ORDINARY = {
    "battery": (Kind.BATTERY, a_home(solar=SOLAR)),
    "time of use": (Kind.BATTERY, a_home(solar=SOLAR, import_price=TIME_OF_USE)),
    "no solar, no export": (Kind.BATTERY, a_home(import_price=TIME_OF_USE, export_price=None)),
    "no currency": (Kind.BATTERY, a_home(import_price=TIME_OF_USE, currency=None)),
    "yen": (
        Kind.BATTERY,
        a_home(
            currency="JPY",
            import_price=PriceSettings(source=FixedPrice(price=31.0)),
            export_price=PriceSettings(source=FixedPrice(price=8.5)),
        ),
    ),
    "limits": (
        Kind.BATTERY,
        a_home(
            solar=SolarSettings(energy=["sensor.solar_energy"], may_curtail=True),
            import_price=TIME_OF_USE,
            meter=MeterSettings(max_import_kw=14.5, max_export_kw=0.0),
            inverter=InverterSettings(ac_limit_kw=5.0),
        ),
    ),
    "rules": (
        Kind.BATTERY,
        a_home(
            solar=SOLAR,
            demand_charges=[DemandChargeIn(price_per_kw=12.0, start="15:00", end="21:00")],
            allowances=[
                AllowanceIn(
                    direction="import",
                    daily_quota_kwh=24.0,
                    bonus_price=0.0,
                    start="11:00",
                    end="14:00",
                )
            ],
            provider=ProviderConfigIn(
                export_boost_enabled=True,
                export_price_offset=5.0,
                export_min_price=10.0,
                export_boost_start="17:00",
                export_boost_end="21:00",
            ),
        ),
    ),
    "two batteries": (
        Kind.BATTERIES,
        a_home(import_price=TIME_OF_USE, batteries=[a_battery(), a_battery(capacity_kwh=5.0)]),
    ),
    "battery and car": (
        Kind.VEHICLES,
        a_home(solar=SOLAR, import_price=TIME_OF_USE, cars=[a_car()]),
    ),
    "two of each": (
        Kind.VEHICLES,
        a_home(
            import_price=TIME_OF_USE,
            batteries=[a_battery(), a_battery(capacity_kwh=5.0)],
            cars=[a_car(), a_car(charge_kw=11.0)],
        ),
    ),
    "car alone": (Kind.VEHICLES, a_home(import_price=TIME_OF_USE, batteries=[], cars=[a_car()])),
    "loads and heat": (
        Kind.BATTERY,
        a_home(
            solar=SOLAR,
            import_price=TIME_OF_USE,
            loads=[a_load(), a_load(name="Dryer", after="Dishwasher")],
            heat=[a_heat_store()],
        ),
    ),
    "load and car": (
        Kind.VEHICLES,
        a_home(import_price=TIME_OF_USE, cars=[a_car()], loads=[a_load()]),
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_home_gets_an_optimal_plan_without_a_warning(name):
    kind, home = ORDINARY[name]
    made, reply, _ = plan_of(home)

    assert made is kind
    assert reply["status"] == "optimal"
    assert reply["warnings"] == []


@pytest.mark.parametrize("name", ORDINARY)
def test_the_plan_is_on_five_minutes_of_the_clock_and_as_long_as_the_settings_say(name):
    _, home = ORDINARY[name]
    horizon = plan_of(home)[2].solved.plan.site.horizon

    assert horizon.start == NOW.replace(microsecond=0)
    assert horizon.end == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    assert all(start.minute % 5 == start.second == 0 for start in horizon.starts[1:])
    assert horizon.start.tzinfo.key == SYDNEY


def test_prices_of_the_plan_are_those_of_the_table():
    _, home = ORDINARY["time of use"]
    site = plan_of(home)[2].solved.plan.site
    hours = [start.hour for start in site.horizon.starts]
    expected = [0.55 if 15 <= h < 21 else 0.12 if h < 6 else 0.25 for h in hours]

    assert site.tariff.import_price.tolist() == expected
    assert set(site.tariff.export_price.tolist()) == {0.05}


def test_the_money_is_that_of_home_assistant_where_the_settings_name_none():
    assert wire_of(a_home(currency=None), currency="EUR")["currency"] == "EUR"
    assert wire_of(a_home(currency="AUD"), currency="EUR")["currency"] == "AUD"


def test_units_are_those_of_the_wire():
    battery = a_battery(reserve=0.2, max_soc=0.95, wear=0.01, export=False)
    home = a_home(
        batteries=[battery],
        cars=[a_car(min_charge_kw=1.5)],
        meter=MeterSettings(max_import_kw=14.5, max_export_kw=5.0),
        inverter=InverterSettings(ac_limit_kw=6.0, dc_coupled_solar=False),
    )
    site = plan_of(home)[2].solved.plan.site
    (battery,), (car,) = site.batteries, site.vehicles

    assert (battery.capacity, battery.charge_limit, battery.discharge_limit) == (13.5, 5.0, 5.0)
    assert (battery.reserve, battery.max_soc, battery.cycle_cost) == (0.2, 0.95, 0.01)
    assert (battery.may_charge_from_grid, battery.may_export) == (True, False)
    assert (battery.initial_soc, battery.charge_efficiency) == (0.5, 0.95)
    assert (site.grid.import_limit, site.grid.export_limit) == (14.5, 5.0)
    assert (site.inverter.ac_limit, site.inverter.dc_coupled_solar) == (6.0, False)
    assert (car.capacity, car.charge_limit, car.least_charge) == (60.0, 7.4, 1.5)
    assert (car.initial_soc, car.target_soc) == (0.4, 0.8)
    assert car.departure == NOW + 18 * HOUR


@pytest.mark.parametrize(("most", "least"), [(7.4, 1.4), (0.7, 0.7)])
def test_an_ordinary_charger_gives_at_least_six_amperes(most, least):
    home = a_home(cars=[a_car(charge_kw=most)])
    (car,) = plan_of(home)[2].solved.plan.site.vehicles

    assert car.least_charge == least


def test_peaks_and_used_energy_are_those_read():
    _, home = ORDINARY["rules"]
    (charge,) = wire_of(home, peaks_kw=[3.5])["demand_charges"]
    (allowance,) = wire_of(home, used_kwh=[2.5])["allowances"]

    assert charge["peak_so_far_kw"] == 3.5
    assert allowance["used_today_kwh"] == 2.5


def test_unknown_peaks_leave_those_of_the_settings():
    home = a_home(demand_charges=[DemandChargeIn(price_per_kw=12.0, peak_so_far_kw=4.0)])

    assert wire_of(home, peaks_kw=[None])["demand_charges"][0]["peak_so_far_kw"] == 4.0
    assert wire_of(home)["demand_charges"][0]["peak_so_far_kw"] == 4.0


def test_keys_and_names_of_the_reply_are_in_the_order_of_the_settings():
    _, home = ORDINARY["two of each"]
    _, reply, _ = plan_of(home)

    assert [*reply["batteries"]] == ["battery_1", "battery_2"]
    assert [ev["vehicle_id"] for ev in reply["ev_schedules"]] == ["car_1", "car_2"]


def test_a_car_that_is_not_plugged_in_takes_nothing_and_is_no_warning():
    _, home = ORDINARY["battery and car"]
    away = CarReading(plugged=False, soc=0.2, departure=NOW + 5 * HOUR)
    kind, reply, _ = plan_of(home, inputs_of(home, cars=[away]))

    assert kind is Kind.VEHICLES
    assert reply["warnings"] == []
    assert not any(reply["schedule"]["charge_power_w"])


def test_a_departure_that_has_passed_is_none_while_the_car_is_plugged_in():
    _, home = ORDINARY["battery and car"]
    late = CarReading(soc=0.2, departure=NOW - HOUR)
    _, reply, _ = plan_of(home, inputs_of(home, cars=[late]))

    assert reply["warnings"] == []
    assert reply["schedule"]["soc"][-1] >= 0.8 - 1e-6


def test_missing_forecasts_are_said_by_the_plan():
    home = a_home(solar=SOLAR)
    _, reply, _ = plan_of(home, inputs_of(home, load_rows=[], solar_rows=[]))

    assert {w["field"] for w in reply["warnings"]} == {"load_forecast", "solar_forecast"}


def test_guessed_prices_are_planned_with():
    home = a_home(import_price=PriceSettings(source=EntityPrices(entities=["sensor.p"])))
    end = end_of_plan(NOW, home)
    noon = NOW.replace(minute=0, second=0, microsecond=0)
    found = [Row(noon + n * HOUR, None, 0.1 + n / 100) for n in range(30)]
    prices = import_rows(home.import_price, found, NOW, end, ZoneInfo(SYDNEY), [])
    _, reply, answer = plan_of(home, inputs_of(home, import_prices=prices))
    bought = answer.solved.plan.site.tariff.import_price

    assert reply["warnings"] == []
    assert bought[-1] == pytest.approx(0.1 + 23 / 100)  # 11:55 of a day before


@pytest.mark.parametrize("seconds", [0.02, 1.0, 1.7, 20.0, 59.5])
@pytest.mark.parametrize("minute", [54, 55, 59])
def test_an_hour_that_begins_as_the_plan_ends_is_planned_at_any_second(minute, seconds):
    """Five minutes before an hour, the last row of prices would be of seconds: none to the wire."""
    home = a_home(import_price=PriceSettings(source=EntityPrices(entities=["sensor.p"])))
    now = NOW.replace(minute=minute, second=0, microsecond=0) + timedelta(seconds=seconds)
    noon = now.replace(minute=0, second=0, microsecond=0)
    found = [Row(noon + n * HOUR, None, 0.1 + n / 100) for n in range(30)]
    prices = import_rows(
        home.import_price, found, now, end_of_plan(now, home), ZoneInfo(SYDNEY), []
    )

    _, reply, answer = plan_of(home, inputs_of(home, now, import_prices=prices))

    assert reply["warnings"] == []
    assert answer.solved.plan.site.horizon.end <= end_of_plan(now, home)


@pytest.mark.parametrize("timezone", [SYDNEY, "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("day", ["2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24"])
def test_days_of_other_lengths_are_planned_without_a_warning(timezone, day):
    now = datetime.fromisoformat(f"{day}T09:17:00+00:00")
    home = a_home(solar=SOLAR, import_price=TIME_OF_USE, cars=[a_car()])
    _, reply, answer = plan_of(home, inputs_of(home, now, timezone))
    site = answer.solved.plan.site
    hours = [start.hour for start in site.horizon.starts]

    assert reply["warnings"] == []
    expected = [0.55 if 15 <= h < 21 else 0.12 if h < 6 else 0.25 for h in hours]
    assert site.tariff.import_price.tolist() == expected


def soc_at_end(reply):
    schedule = reply.get("schedule") or {}
    return schedule["soc_trajectory"][-1]


@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
@pytest.mark.parametrize("until", ["2026-12-01T06:00:00+11:00", "2026-11-30T07:42:00+00:00"])
def test_charge_now_is_reached_by_its_time(cost_function, until):
    wanted = ChargeNow(soc=0.9, until=until)
    home = a_home(import_price=TIME_OF_USE, charge_now=wanted, cost_function=cost_function)
    _, reply, answer = plan_of(home, inputs_of(home, soc=0.2))

    assert reply["warnings"] == []
    assert soc_at_end(reply) >= 0.9 - 1e-6
    late = datetime.fromisoformat(until) - answer.solved.plan.site.horizon.end
    assert timedelta(0) <= late < timedelta(minutes=5)


def test_charge_now_charges_in_the_cheapest_hours_before_its_time():
    wanted = ChargeNow(soc=0.9, until="2026-12-01T06:00:00+11:00")
    home = a_home(import_price=TIME_OF_USE, charge_now=wanted)
    _, reply, _ = plan_of(home, inputs_of(home, soc=0.2))
    schedule = reply["schedule"]
    charged = [
        datetime.fromisoformat(at).hour
        for at, power in zip(schedule["timestamps"], schedule["grid_to_battery_w"], strict=False)
        if power > 0
    ]

    assert soc_at_end(reply) >= 0.9 - 1e-6
    assert set(charged) <= {12, 13, 14, 0, 1, 2, 3, 4, 5}


def test_charge_now_is_for_all_batteries_and_at_most_their_own_limit():
    wanted = ChargeNow(soc=1.0, until="2026-11-30T20:00:00+11:00")
    batteries = [a_battery(max_soc=0.9), a_battery()]
    home = a_home(batteries=batteries, charge_now=wanted)
    _, reply, _ = plan_of(home)

    assert reply["warnings"] == []
    assert reply["batteries"]["battery_1"]["schedule"]["soc"][-1] == pytest.approx(0.9)
    assert reply["batteries"]["battery_2"]["schedule"]["soc"][-1] == pytest.approx(1.0)


def test_what_charge_now_cannot_reach_is_said():
    wanted = ChargeNow(soc=1.0, until="2026-11-30T12:30:00+11:00")
    home = a_home(charge_now=wanted)
    _, reply, _ = plan_of(home, inputs_of(home, soc=0.2))

    assert [w["code"] for w in reply["warnings"]] == ["unmet"]
    assert reply["schedule"]["charge_w"][0] == pytest.approx(5000.0)


@pytest.mark.parametrize("until", ["2026-11-30T00:00:00Z", "2026-12-09T00:00:00Z"])
def test_charge_now_is_over_after_its_time_and_not_due_beyond_the_plan(until):
    home = a_home(import_price=TIME_OF_USE)
    wanted = a_home(import_price=TIME_OF_USE, charge_now=ChargeNow(soc=1.0, until=until))

    assert wire_of(wanted) == wire_of(home)


def test_charge_now_leaves_the_limits_of_the_home():
    wanted = ChargeNow(soc=1.0, until="2026-11-30T20:00:00+11:00")
    home = a_home(
        batteries=[a_battery(charge_from_grid=False)], charge_now=wanted, import_price=TIME_OF_USE
    )
    _, reply, _ = plan_of(home)

    assert not any(reply["schedule"]["grid_to_battery_w"])


@pytest.mark.parametrize(
    ("departs", "least"),
    [
        ("2026-11-30T19:00:00+11:00", 0.8),  # before
        ("2026-11-30T20:00:00+11:00", 0.8),
        ("2026-11-30T22:00:00+11:00", 0.8 - 2 * 0.92 * 7.4 / 60),  # two hours later
    ],
)
def test_with_charge_now_a_car_still_has_its_target_when_it_leaves(departs, least):
    wanted = ChargeNow(soc=0.8, until="2026-11-30T20:00:00+11:00")
    home = a_home(cars=[a_car()], charge_now=wanted)
    car = CarReading(soc=0.2, departure=datetime.fromisoformat(departs))
    _, reply, _ = plan_of(home, inputs_of(home, cars=[car]))

    assert reply["warnings"] == []
    assert reply["schedule"]["soc"][-1] >= least - 1e-6
    assert reply["home"]["schedule"]["soc_trajectory"][-1] >= 0.8 - 1e-6


@pytest.mark.parametrize("departure", [None, NOW + 40 * HOUR])
def test_with_charge_now_a_car_with_time_left_is_not_hurried(departure):
    dear = PriceSettings(
        source=TariffPrices(tariff=Tariff(otherwise=0.2, rates=[Rate(price=0.9, end="20:00")]))
    )
    wanted = ChargeNow(soc=0.6, until="2026-11-30T20:00:00+11:00")
    home = a_home(cars=[a_car()], charge_now=wanted, import_price=dear)
    car = CarReading(soc=0.4, departure=departure)
    wire = wire_of(home, cars=[car])["evs"][0]

    assert wire["target_soc"] == 0.8
    assert datetime.fromisoformat(wire["departure_time"]) > NOW + 39 * HOUR


@st.composite
def homes_with_inputs(draw):
    home = draw(homes())
    minute = draw(st.integers(0, 60 * 24 * 365))
    now = datetime(2026, 1, 1, tzinfo=UTC) + minute * timedelta(minutes=1)
    if draw(st.booleans()):
        until = now + draw(st.integers(-60, 60 * 80)) * timedelta(minutes=1)
        home.charge_now = ChargeNow(
            soc=draw(st.sampled_from((0.1, 0.8, 1.0))), until=until.isoformat()
        )
    shares = st.floats(0, 1)
    departures = st.none() | st.integers(-5, 100).map(lambda n: now + n * HOUR)
    cars = [
        CarReading(
            plugged=draw(st.booleans()),
            soc=draw(st.none() | shares),
            target=draw(shares),
            departure=draw(departures),
        )
        for _ in home.cars
    ]
    timezone = draw(st.sampled_from((SYDNEY, "Europe/Berlin", "UTC", "Asia/Kathmandu")))
    socs = [SocReading(value=draw(shares)) for _ in home.batteries]
    return home, inputs_of(home, now, timezone, cars=cars, socs=socs)


@hypothesis_settings(max_examples=15)  # each is a plan of up to three days
@given(case=homes_with_inputs())
def test_settings_that_pass_the_checks_give_a_plan(case):
    home, inputs = case
    _, reply, _ = plan_of(home, inputs)

    assert reply["success"]
    assert {w["code"] for w in reply["warnings"]}.isdisjoint(
        {
            "default",
            "unknown_field",
            "capped",
            "percent",
            "gap",
            "extended",
            "rule_ignored",
            "clamped",
        }
    )
