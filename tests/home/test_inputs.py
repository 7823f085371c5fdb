"""Inputs of plans, read from a fake Home Assistant; the clock is the test's."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.books.entries import PriceSpan
from server.home.errors import InputError
from server.home.inputs import InputReader
from server.home.states.socs import ExpectedSocs
from server.home_assistant.link import Link
from server.settings.home import (
    ActionPrices,
    DashboardForecast,
    EntityForecast,
    EntityPrice,
    EntityPrices,
    MeterSettings,
    PriceSettings,
    SolarSettings,
)
from server.sources.rows import value_at
from server.wire.requests import AllowanceIn, DemandChargeIn
from tests.home_assistant.fake import Refusal
from tests.settings.homes import a_battery, a_car, a_heat_store, a_home, a_load

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 10, 12, 0, tzinfo=BERLIN).astimezone(UTC)
TODAY = datetime(2026, 6, 10, tzinfo=BERLIN)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKS = 8 * 7 * DAY


@pytest.fixture
def reader(link):
    return InputReader(link)


@pytest.fixture
async def home(home_assistant):
    """A home with a battery at 50 %, and a meter of the house that reads 1 kW."""
    await home_assistant.set_state("sensor.soc", 50, {"unit_of_measurement": "%"}, changed=NOW)
    hours = int(WEEKS / HOUR)
    home_assistant.add_statistics("sensor.house", NOW - WEEKS, [1.0] * hours)
    home_assistant.add_statistics("sensor.idle", NOW - WEEKS, [0.0] * (hours + 24))
    home_assistant.add_statistics("sensor.idle", TODAY, [0.0] * 288, period="5minute")
    home_assistant.add_statistics("sensor.house", NOW - 2 * HOUR, [1.0 / 12] * 24, period="5minute")
    return home_assistant


def settings(**changes):
    return a_home(**({"home_energy": ["sensor.house"], "currency": None} | changes))


METERED = a_battery(energy_in=["sensor.idle"], energy_out=["sensor.idle"])


def health_of(reader, field):
    return next(health for health in reader.health if health.field == field)


async def test_a_plain_home_is_read_whole(home, reader):
    inputs = await reader.read(settings(), NOW)

    assert inputs.at == NOW
    assert inputs.timezone == "Europe/Berlin"
    assert inputs.socs[0].value == 0.5
    assert value_at(inputs.load_rows, NOW) == pytest.approx(1000.0)
    assert inputs.load_rows[-1].end >= NOW + 48 * HOUR
    assert inputs.solar_rows == []
    assert inputs.import_prices.published_until >= NOW + 48 * HOUR
    assert {health.field: health.value for health in inputs.health} == {
        "batteries[0].soc": "50%",
        "import_price": "0.3 EUR/kWh",
        "export_price": "0.05 EUR/kWh",
        "home_energy": "1.00 kW",
    }
    assert all(health.state == "good" for health in inputs.health)
    assert inputs.notes == []


async def test_without_a_connection_no_plan_can_be_made(home_assistant):
    with pytest.raises(InputError, match="not connected"):
        await InputReader(Link(home_assistant.address)).read(settings(), NOW)


# State of charge


async def test_a_state_of_charge_that_is_never_there_is_named(home, reader):
    await home.set_state("sensor.soc", "unavailable")

    with pytest.raises(InputError, match=r'batteries\[0\].soc: sensor.soc says "unavailable"'):
        await reader.read(settings(), NOW)
    assert health_of(reader, "batteries[0].soc").state == "missing"
    assert health_of(reader, "import_price").state == "good"


async def test_kilowatt_hours_are_no_state_of_charge(home, reader):
    await home.set_state("sensor.soc", 7.5, {"unit_of_measurement": "kWh"})

    with pytest.raises(InputError, match=r"sensor\.soc is in kWh, not in %"):
        await reader.read(settings(), NOW)


async def test_a_stuck_sensor_is_carried_by_the_plan_and_then_commands_nothing(home, reader):
    states = []
    for minutes in range(0, 60, 5):
        now = NOW + minutes * MINUTE
        before = now - 5 * MINUTE
        previous = ExpectedSocs([before, now + HOUR], [[0.5, 0.5 + 65 / 500]])  # 1 % in 5 minutes
        soc = (await reader.read(settings(), now, previous=previous)).socs[0]
        states.append((soc.is_carried, soc.is_commandable, round(soc.value, 2)))

    assert states[:4] == [(False, True, 0.5)] * 4
    assert states[4:10] == [(True, True, round(0.5 + n / 100, 2)) for n in range(4, 10)]
    assert [state[:2] for state in states[10:]] == [(True, False)] * 2
    assert health_of(reader, "batteries[0].soc").state == "missing"


async def test_a_sensor_that_reports_again_is_good_again(home, reader):
    await reader.read(settings(), NOW)
    await reader.read(settings(), NOW + 50 * MINUTE)

    later = NOW + 51 * MINUTE
    await home.set_state("sensor.soc", 50, {"unit_of_measurement": "%"}, changed=later)
    soc = (await reader.read(settings(), later)).socs[0]

    assert (soc.is_carried, soc.is_commandable, soc.at) == (False, True, later)


async def test_a_sensor_lost_for_a_moment_is_remembered(home, reader):
    await reader.read(settings(), NOW)
    await home.remove_state("sensor.soc")

    soc = (await reader.read(settings(), NOW + 5 * MINUTE)).socs[0]

    assert (soc.value, soc.at, soc.is_commandable) == (0.5, NOW, True)


async def test_a_silent_sensor_of_a_living_device_is_fresh(home, reader):
    home.registry = [
        {"entity_id": "sensor.soc", "platform": "x", "device_id": "d"},
        {"entity_id": "sensor.power", "platform": "x", "device_id": "d"},
    ]
    later = NOW + 3 * HOUR
    await home.set_state("sensor.power", 0, changed=later - MINUTE)

    soc = (await reader.read(settings(), later)).socs[0]

    assert (soc.is_carried, soc.is_commandable) == (False, True)


async def test_a_flicker_to_zero_is_not_believed(home, reader):
    await reader.read(settings(), NOW)
    await home.set_state("sensor.soc", 0, {"unit_of_measurement": "%"}, changed=NOW + MINUTE)

    first = (await reader.read(settings(), NOW + MINUTE)).socs[0].value
    await home.set_state("sensor.soc", 0, {"unit_of_measurement": "%"}, changed=NOW + 16 * MINUTE)
    later = (await reader.read(settings(), NOW + 16 * MINUTE)).socs[0].value

    assert (first, later) == (0.5, 0.0)


async def test_a_doubt_is_said(home, reader):
    await reader.read(settings(), NOW)
    await home.set_state("sensor.soc", 0, {"unit_of_measurement": "%"}, changed=NOW + MINUTE)

    await reader.read(settings(), NOW + MINUTE)

    assert health_of(reader, "batteries[0].soc").text == (
        "0% cannot be: not believed unless it stays."
    )


# Prices


def hourly_prices(prices, start=TODAY):
    return {
        "unit_of_measurement": "EUR/MWh",
        "data": [
            {
                "start_time": (start + i * HOUR).isoformat(),
                "end_time": (start + (i + 1) * HOUR).isoformat(),
                "price": price,
            }
            for i, price in enumerate(prices)
        ],
    }


def with_prices(source, **formula):
    return settings(import_price=PriceSettings(source=source, **formula))


ENTITIES = with_prices(EntityPrices(entities=["sensor.price"]), fee=0.1, tax=0.2)


async def test_prices_of_an_entity_take_the_formula(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 24), changed=NOW)

    inputs = await reader.read(ENTITIES, NOW)

    assert inputs.import_prices.rows[0].value == pytest.approx((0.1 + 0.1) * 1.2)
    assert inputs.import_prices.published_until == TODAY + DAY
    assert "known until" in health_of(reader, "import_price").text


async def test_a_price_entity_that_is_gone_leaves_its_prices_while_they_hold(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 14), changed=NOW)
    await reader.read(ENTITIES, NOW)
    await home.set_state("sensor.price", "unavailable")

    await reader.read(ENTITIES, NOW + HOUR)

    assert health_of(reader, "import_price").state == "old"
    with pytest.raises(InputError, match=r"There is no import price"):
        await reader.read(ENTITIES, NOW + 3 * HOUR)


async def test_a_poll_of_zeros_is_no_price(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 24), changed=NOW)
    await reader.read(ENTITIES, NOW)
    await home.set_state("sensor.price", 0, hourly_prices([0.0] * 24), changed=NOW + MINUTE)

    inputs = await reader.read(ENTITIES, NOW + 2 * MINUTE)

    assert inputs.import_prices.rows[0].value == pytest.approx(0.24)


async def test_at_midnight_the_prices_of_the_day_before_hold(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 48), changed=NOW)
    await reader.read(ENTITIES, NOW)
    await home.set_state("sensor.price", 100, hourly_prices([50.0] * 24), changed=TODAY + DAY)

    await reader.read(ENTITIES, TODAY + DAY + MINUTE)

    assert health_of(reader, "import_price").value == "0.24 EUR/kWh"
    assert health_of(reader, "import_price").state == "old"


async def test_prices_of_another_source_do_not_stand_in(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 24), changed=NOW)
    await reader.read(ENTITIES, NOW)

    with pytest.raises(InputError):
        await reader.read(with_prices(EntityPrices(entities=["sensor.other"])), NOW)


async def test_prices_beyond_the_published_follow_the_books(home, reader):
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 24), changed=NOW)
    week_ago = PriceSpan(TODAY - 6 * DAY, TODAY - 5 * DAY, 0.77, None, True)

    inputs = await reader.read(ENTITIES, NOW, [week_ago])

    assert value_at(inputs.import_prices.guesses, TODAY + DAY + HOUR) == pytest.approx(0.77)


async def test_a_present_price_without_future_is_assumed_to_stay(home, reader):
    await home.set_state("sensor.price", 31.5, {"unit_of_measurement": "ct/kWh"}, changed=NOW - DAY)

    inputs = await reader.read(with_prices(EntityPrice(entity="sensor.price")), NOW)

    assert inputs.import_prices.rows[0].value == pytest.approx(0.315)
    assert value_at(inputs.import_prices.all_rows(), NOW + 20 * HOUR) == pytest.approx(0.315)


async def test_ambers_present_price_comes_from_its_entity(home, reader, link):
    """Its action tells the intervals to come; the running one is in a sensor."""
    later = NOW.replace(minute=30, second=1)
    home.actions["amberelectric.get_forecasts"] = {
        "forecasts": [
            {
                "start_time": (later + k * HOUR / 2).isoformat(),
                "end_time": (later + (k + 1) * HOUR / 2).isoformat(),
                "per_kwh": 0.4,
            }
            for k in range(80)
        ]
    }
    home.registry = [{"entity_id": "sensor.general_price", "platform": "amberelectric"}]
    attributes = {
        "unit_of_measurement": "$/kWh",
        "channel_type": "general",
        "per_kwh": 0.31,
        "start_time": NOW.replace(minute=0, second=1).isoformat(),
        "end_time": later.isoformat(),
    }
    await home.set_state("sensor.general_price", 0.31, attributes, changed=NOW - MINUTE)
    source = ActionPrices(
        action="amberelectric.get_forecasts",
        data={"config_entry_id": "e", "channel_type": "general"},
    )
    amber = with_prices(source)
    await link.follow(await reader.entities(amber, NOW))

    inputs = await reader.read(amber, NOW)

    assert value_at(inputs.import_prices.rows, NOW) == pytest.approx(0.31)
    assert value_at(inputs.import_prices.rows, NOW + HOUR) == pytest.approx(0.4)


async def test_an_older_core_is_asked_with_its_own_names(home, reader, link):
    def answer(data):
        if "site_id" not in data:
            raise Refusal("invalid_format", "required key not provided @ data['site_id']")
        rows = [{"start_time": NOW.isoformat(), "duration": 30, "per_kwh": 0.4}]
        return {"forecasts": rows}

    home.actions["amberelectric.get_forecasts"] = answer
    source = ActionPrices(
        action="amberelectric.get_forecasts",
        data={"config_entry_id": "e", "channel_type": "general"},
    )

    inputs = await reader.read(with_prices(source), NOW)

    assert value_at(inputs.import_prices.rows, NOW) == pytest.approx(0.4)


async def test_an_action_is_asked_again_after_minutes_or_news(home, reader, link):
    home.actions["nordpool.get_prices_for_date"] = lambda data: {
        "SE3": [
            {
                "start": f"{data['date']}T00:00:00+02:00",
                "end": f"{data['date']}T23:59:59+02:00",
                "price": 250.0,
            }
        ]
    }
    home.registry = [{"entity_id": "sensor.nordpool", "platform": "nordpool"}]
    await home.set_state("sensor.nordpool", 1, changed=NOW - HOUR)
    source = ActionPrices(
        action="nordpool.get_prices_for_date", data={"config_entry": "e"}, series="SE3"
    )
    nordpool = with_prices(source)
    await link.follow(await reader.entities(nordpool, NOW))

    inputs = await reader.read(nordpool, NOW)
    first = len(home.calls)
    await reader.read(nordpool, NOW + MINUTE)
    second = len(home.calls)
    await home.set_state("sensor.nordpool", 2, changed=NOW + 90 * timedelta(seconds=1))
    while link.followed["sensor.nordpool"].state != "2":
        await link.news.wait()
        link.news.clear()
    await reader.read(nordpool, NOW + 2 * MINUTE)
    third = len(home.calls)
    await reader.read(nordpool, NOW + 7 * MINUTE)

    assert inputs.import_prices.rows[0].value == pytest.approx(0.25)
    assert (first, second, third, len(home.calls)) == (2, 2, 4, 6)


async def test_an_action_that_fails_is_said(home, reader):
    source = ActionPrices(action="tibber.get_prices")

    with pytest.raises(InputError, match=r"tibber.get_prices gave no answer"):
        await reader.read(with_prices(source), NOW)


# Load


async def test_a_home_without_statistics_is_assumed_to_be_typical(home, reader):
    inputs = await reader.read(settings(home_energy=["sensor.new"]), NOW)

    health = health_of(reader, "home_energy")
    assert inputs.load_rows == []
    assert health.state == "assumed"
    assert "There are no statistics of sensor.new" in health.text


async def test_the_balance_stands_in_for_a_new_meter(home, reader):
    home.add_statistics("sensor.import", NOW - WEEKS, [0.5] * int(WEEKS / HOUR))
    meter = MeterSettings(energy_in=["sensor.import"])

    inputs = await reader.read(
        settings(home_energy=["sensor.new"], meter=meter, batteries=[METERED]), NOW
    )

    assert value_at(inputs.load_rows, NOW + 20 * HOUR) == pytest.approx(500.0)


async def test_statistics_are_read_once_an_hour_and_survive_a_fault(home, reader):
    await reader.read(settings(), NOW)
    await reader.read(settings(), NOW + 5 * MINUTE)
    hourly = [asked for asked in home.asked if asked.get("period") == "hour"]
    home.faults["recorder/statistics_during_period"] = "wrong types"
    inputs = await reader.read(settings(), NOW + 65 * MINUTE)

    assert len(hourly) == 1
    assert value_at(inputs.load_rows, NOW + 20 * HOUR) == pytest.approx(1000.0)


async def test_after_dark_a_sleeping_inverter_hides_no_load(home, reader):
    night = TODAY + 23 * HOUR
    day = [max(0.0, 3.0 - abs(hour - 13)) or None for hour in range(24)]
    home.add_statistics("sensor.sun", TODAY - 50 * DAY, [*day * 51][: 50 * 24 + 20])
    home.add_statistics("sensor.import", TODAY - 50 * DAY, [1.0] * (50 * 24 + 23))
    home.add_statistics("sensor.import", night - 2 * HOUR, [3 / 12] * 24, period="5minute")
    dark = settings(
        home_energy=[],
        batteries=[METERED],
        meter=MeterSettings(energy_in=["sensor.import"]),
        solar=SolarSettings(energy=["sensor.sun"]),
    )

    await home.set_state("sensor.soc", 50, {"unit_of_measurement": "%"}, changed=night)
    inputs = await reader.read(dark, night)

    assert 2000.0 < value_at(inputs.load_rows, night) <= 3000.0


async def test_a_balance_without_the_battery_is_not_taken_for_the_load(home, reader):
    home.add_statistics("sensor.import", NOW - WEEKS, [0.5] * int(WEEKS / HOUR))
    meter = MeterSettings(energy_in=["sensor.import"])

    inputs = await reader.read(settings(home_energy=[], meter=meter), NOW)

    assert inputs.load_rows == []
    assert "none of the energy of Battery" in health_of(reader, "home_energy").text


async def test_missing_weeks_are_said(home, reader):
    hours = [0.5] * int(WEEKS / HOUR)
    hours[200:600] = [None] * 400
    home.add_statistics("sensor.gappy", NOW - WEEKS, hours)

    inputs = await reader.read(settings(home_energy=["sensor.gappy"]), NOW)

    assert value_at(inputs.load_rows, NOW + 20 * HOUR) == pytest.approx(500.0)
    assert "401 hours of the statistics are missing" in health_of(reader, "home_energy").text


# Solar


def solar(home, **fields):
    day = [max(0.0, 3.0 - abs(hour - 13)) for hour in range(24)]
    home.add_statistics("sensor.sun", TODAY - 20 * DAY, (day * 20) + day[:12])
    return settings(solar=SolarSettings(energy=["sensor.sun"], **fields))


async def test_the_dashboards_forecast_is_energy_by_the_hour(home, reader):
    home.forecasts = {
        "roof": {(TODAY + h * HOUR).isoformat(): 500.0 for h in range(8, 42)},
        "shed": {(TODAY + h * HOUR).isoformat(): 100.0 for h in range(8, 42)},
    }

    inputs = await reader.read(solar(home, forecasts=[DashboardForecast()]), NOW)

    assert value_at(inputs.solar_rows, NOW) == pytest.approx(600.0)
    assert value_at(inputs.solar_rows, TODAY + 2 * DAY + 11 * HOUR) == pytest.approx(1000.0)
    assert health_of(reader, "solar.forecasts").state == "good"


async def test_forecast_solars_stamps_are_the_ends_of_its_periods(home, reader):
    day = {"05:10:17": 0, "06:00:00": 89, "07:00:00": 376, "08:00:00": 538, "12:00:00": 800}
    day |= {"13:00:00": 700, "20:00:00": 64, "20:59:23": 19}
    day |= {f"{hour:02}:00:00": 600 for hour in (9, 10, 11, 14, 15, 16, 17, 18, 19)}
    home.forecasts = {
        "roof": {
            f"{(TODAY + n * DAY).date()}T{clock}+02:00": wh
            for n in range(2)
            for clock, wh in day.items()
        }
    }

    inputs = await reader.read(solar(home, forecasts=[DashboardForecast()]), NOW)

    assert value_at(inputs.solar_rows, NOW) == pytest.approx(700.0)
    assert value_at(inputs.solar_rows, TODAY + DAY + 6.5 * HOUR) == pytest.approx(376.0)
    assert value_at(inputs.solar_rows, TODAY + DAY + 20.5 * HOUR) == pytest.approx(19.0, rel=0.03)
    assert value_at(inputs.solar_rows, TODAY + DAY + 2 * HOUR) == 0.0


async def test_an_old_forecast_gives_way_to_the_mean_sun(home, reader):
    detailed = [
        {"period_start": (TODAY + h * HOUR).isoformat(), "pv_estimate": 9.0} for h in range(48)
    ]
    attributes = {"detailedHourly": detailed}
    await home.set_state("sensor.solcast", 1, attributes, changed=NOW - 25 * HOUR)
    old = solar(home, forecasts=[EntityForecast(entities=["sensor.solcast"])])

    inputs = await reader.read(old, NOW)
    health = health_of(reader, "solar.forecasts")
    await home.set_state("sensor.solcast", 1, attributes, changed=NOW - HOUR)
    fresh = await reader.read(old, NOW)

    assert value_at(inputs.solar_rows, NOW + HOUR) == pytest.approx(3000.0)
    assert health.state == "assumed"
    assert "more than a day old" in health.text
    assert value_at(fresh.solar_rows, NOW + HOUR) == pytest.approx(9000.0)


async def test_a_forecast_that_ends_today_is_continued(home, reader):
    home.forecasts = {"roof": {(TODAY + h * HOUR).isoformat(): 500.0 for h in range(8, 20)}}

    inputs = await reader.read(solar(home, forecasts=[DashboardForecast()]), NOW)

    assert value_at(inputs.solar_rows, NOW) == pytest.approx(500.0)
    assert value_at(inputs.solar_rows, TODAY + DAY + 13 * HOUR) == pytest.approx(3000.0)
    health = health_of(reader, "solar.forecasts")
    assert health.state == "old"
    assert health.text == (
        "The solar forecast ends Wed 20:00; the mean sun of the last 14 days is assumed after it."
    )


async def test_a_home_with_solar_of_which_nothing_is_known_is_refused(home, reader):
    unknown = settings(solar=SolarSettings(energy=["sensor.new"], forecasts=[DashboardForecast()]))

    with pytest.raises(InputError, match=r"solar.forecasts.*Neither"):
        await reader.read(unknown, NOW)


# Charges


async def test_peaks_and_allowances_are_read_from_the_meters(home, reader):
    home.add_statistics("sensor.import", TODAY - 9 * DAY, [1.0] * 24 * 9)
    home.add_statistics("sensor.import", TODAY - DAY, [0.25] * 6, period="5minute")
    home.add_statistics("sensor.import", TODAY, [0.1] * 144, period="5minute")
    charged = settings(
        meter=MeterSettings(energy_in=["sensor.import"]),
        demand_charges=[DemandChargeIn(price_per_kw=10.0), DemandChargeIn()],
        allowances=[
            AllowanceIn(
                direction="import",
                daily_quota_kwh=50.0,
                bonus_price=0.0,
                start="11:00",
                end="14:00",
            )
        ],
    )

    inputs = await reader.read(charged, NOW)

    assert inputs.peaks_kw == [pytest.approx(3.0), None]
    assert inputs.used_kwh == [pytest.approx(1.2)]


# Cars


CAR = a_car(
    soc="sensor.car_soc", plugged="binary_sensor.plug", target="number.limit",
    departure="input_datetime.leave",
)  # fmt: skip


async def plug_in(home):
    await home.set_state("sensor.car_soc", 40, {"unit_of_measurement": "%"}, changed=NOW)
    await home.set_state("binary_sensor.plug", "on", changed=NOW)
    await home.set_state("number.limit", 90, {"unit_of_measurement": "%"}, changed=NOW)
    await home.set_state("input_datetime.leave", "07:30:00", {"has_date": False}, changed=NOW)


async def test_the_meters_of_a_provider_are_no_news_of_its_prices(home, reader, link):
    """Tibber's Pulse reports every two seconds."""
    tibber = settings(import_price=PriceSettings(source=ActionPrices(action="tibber.get_prices")))
    power = {"unit_of_measurement": "W", "state_class": "measurement"}
    meters = [f"sensor.pulse_{k}" for k in range(30)]
    price = "sensor.electricity_price"
    for name in meters:
        await home.set_state(name, 300, power)
    shown = {"unit_of_measurement": "EUR/kWh", "state_class": "measurement"}
    await home.set_state(price, 0.3, shown)
    home.registry = [
        {"entity_id": name, "platform": "tibber", "unique_id": name} for name in [*meters, price]
    ]

    for _ in range(4):
        await link.follow(await reader.entities(tibber, NOW))

    assert price in link.followed
    assert not link.followed.keys() & set(meters)


async def test_a_car_is_read_from_its_entities(home, reader):
    await plug_in(home)

    car = (await reader.read(settings(cars=[CAR]), NOW)).cars[0]

    assert (car.plugged, car.soc, car.target) == (True, 0.4, 0.9)
    assert car.departure == TODAY + DAY + 7.5 * HOUR
    assert await reader.entities(settings(cars=[CAR]), NOW) == [
        "sensor.soc", "sensor.car_soc", "binary_sensor.plug", "number.limit",
        "input_datetime.leave",
    ]  # fmt: skip


async def test_a_departure_that_has_passed_is_none_and_no_fault(home, reader):
    await plug_in(home)
    await home.set_state("input_datetime.leave", "2026-06-09 07:30:00", changed=NOW)

    car = (await reader.read(settings(cars=[CAR]), NOW)).cars[0]

    health = health_of(reader, "cars[0].departure")
    assert car.departure is None
    assert health.state == "good"
    assert health.text.endswith("which is past; no departure is planned for.")


async def test_a_car_that_says_nothing_is_as_it_was(home, reader):
    await plug_in(home)
    await reader.read(settings(cars=[CAR]), NOW)
    for entity in ("sensor.car_soc", "binary_sensor.plug", "number.limit"):
        await home.set_state(entity, "unavailable")

    car = (await reader.read(settings(cars=[CAR]), NOW + HOUR)).cars[0]

    assert (car.plugged, car.soc, car.target) == (True, 0.4, 0.9)
    assert health_of(reader, "cars[0].soc").state == "old"


async def test_a_car_never_heard_of_is_not_planned_for(home, reader):
    inputs = await reader.read(settings(cars=[CAR]), NOW)

    car = inputs.cars[0]
    assert (car.plugged, car.soc, car.target, car.departure) == (False, None, 0.8, None)
    assert [h.field for h in inputs.health if h.state == "missing"] == ["cars[0].plugged"]


async def test_faults_of_a_plugged_car_are_said(home, reader):
    await home.set_state("binary_sensor.plug", "on", changed=NOW)

    inputs = await reader.read(settings(cars=[CAR]), NOW)

    assert [h.field for h in inputs.health if h.state == "missing"] == [
        "cars[0].soc", "cars[0].target", "cars[0].departure",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("says", "is_wanted", "value", "state"),
    [
        ("on", True, "on", "good"),
        ("off", False, "off", "good"),
        ("unavailable", False, "", "missing"),
        ("1", False, "", "missing"),
        (None, False, "", "missing"),
    ],
)
async def test_a_load_is_planned_while_its_switch_is_on(
    home, reader, says, is_wanted, value, state
):
    if says is not None:
        await home.set_state("input_boolean.wash", says, changed=NOW)
    loads = [a_load(enabled="input_boolean.wash"), a_load(name="Pump")]

    inputs = await reader.read(settings(loads=loads), NOW)

    health = health_of(reader, "loads[0].enabled")
    assert inputs.wanted == [is_wanted, True]
    assert (health.value, health.state) == (value, state)
    assert ("not planned" in health.text) is not is_wanted
    assert "input_boolean.wash" in await reader.entities(settings(loads=loads), NOW)


@pytest.mark.parametrize(
    ("says", "level"),
    [("47.5", 0.5), ("20", 0.0), ("99", 1.0), ("unknown", None), ("nan", None), (None, None)],
)
async def test_the_level_of_heat_is_a_share_of_what_it_says_when_full(home, reader, says, level):
    if says is not None:
        await home.set_state("sensor.water", says, {"unit_of_measurement": "°C"}, changed=NOW)
    heat = [a_heat_store(at_empty=35.0, at_full=60.0)]

    inputs = await reader.read(settings(heat=heat), NOW)

    assert inputs.levels == [level]
    assert health_of(reader, "heat[0].level").state == ("missing" if level is None else "good")


async def test_what_the_plan_decides_is_no_part_of_the_load(home, reader):
    home.add_statistics("sensor.wash", NOW - WEEKS, [0.25] * int(WEEKS / HOUR))
    home.add_statistics("sensor.wash", NOW - 2 * HOUR, [0.25 / 12] * 24, period="5minute")

    inputs = await reader.read(settings(loads=[a_load(energy="sensor.wash")]), NOW)

    assert value_at(inputs.load_rows, NOW + 3 * HOUR) == pytest.approx(750.0)


async def test_a_car_without_entities_is_plugged_in(home, reader):
    car = (await reader.read(settings(cars=[a_car(departure="07:00")]), NOW)).cars[0]

    assert car.plugged
    assert health_of(reader, "cars[0].soc").state == "assumed"
    assert car.departure == TODAY + DAY + 7 * HOUR


# PowerSync


def powersync_view():
    stamps = [(NOW + i * 5 * MINUTE).isoformat() for i in range(12)]
    return {
        "schedule": {"timestamps": stamps, "import_price": [0.4] * 12, "export_price": [0.1] * 12},
        "forecast_series": {
            "timestamps": stamps,
            "raw_forecast_values_kw": [2.0] * 12,
            "load_forecast_values_kw": [0.7] * 12,
        },
        "config": {},
        "battery_soc_percent": 77,
        "last_optimization": NOW.isoformat(),
    }


async def test_beside_powersync_everything_is_its_own(home, reader):
    home.pages["power_sync/optimization"] = powersync_view()

    inputs = await reader.read(settings(use_powersync=True), NOW)

    assert inputs.socs[0].value == 0.77
    assert inputs.import_prices.rows[0].value == 0.4
    assert inputs.export_prices.rows[0].value == 0.1
    assert value_at(inputs.solar_rows, NOW) == 2000.0
    assert value_at(inputs.load_rows, NOW) == 700.0
    assert reader.view.soc == 0.77


async def test_a_view_without_a_state_of_charge_leaves_it_to_the_entity(home, reader):
    home.pages["power_sync/optimization"] = powersync_view() | {"battery_soc_percent": None}

    inputs = await reader.read(settings(use_powersync=True), NOW)

    assert inputs.socs[0].value == 0.5


async def test_without_powersyncs_view_its_prices_end(home, reader):
    home.pages["power_sync/optimization"] = powersync_view()
    beside = settings(use_powersync=True)
    await reader.read(beside, NOW)
    del home.pages["power_sync/optimization"]

    await reader.read(beside, NOW + 30 * MINUTE)
    assert health_of(reader, "use_powersync").state == "missing"
    assert health_of(reader, "import_price").state == "old"
    with pytest.raises(InputError):
        await reader.read(beside, NOW + 2 * HOUR)


# Faults


@pytest.mark.parametrize("fault", ["wrong types", "huge", "closed"])
async def test_a_faulty_home_assistant_leaves_a_plan_or_a_sentence(home, reader, link, fault):
    await plug_in(home)
    await home.set_state("sensor.price", 100, hourly_prices([100.0] * 24), changed=NOW)
    everything = settings(
        import_price=ENTITIES.import_price,
        export_price=PriceSettings(source=ActionPrices(action="tibber.get_prices")),
        cars=[CAR],
        meter=MeterSettings(energy_in=["sensor.house"]),
        demand_charges=[DemandChargeIn(price_per_kw=10.0)],
        solar=SolarSettings(energy=["sensor.house"], forecasts=[DashboardForecast()]),
    )
    home.actions["tibber.get_prices"] = {"prices": {"Home": [
        {"start_time": (TODAY + h * HOUR).isoformat(), "price": 0.2} for h in range(48)
    ]}}  # fmt: skip
    await link.follow(await reader.entities(everything, NOW))
    good = await reader.read(everything, NOW)

    home.faults["*"] = fault
    later = await reader.read(everything, NOW + 20 * MINUTE)

    assert (later.socs[0].is_carried, later.socs[0].is_commandable) == (True, True)
    assert later.import_prices.rows[0].value == good.import_prices.rows[0].value
    assert later.cars == good.cars
    assert value_at(later.load_rows, NOW + 20 * HOUR) == pytest.approx(1000.0)
