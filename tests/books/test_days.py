"""Bills of days against sums made by hand, and where the difference to a claim came from."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.books.days import day_book
from server.books.entries import BatteryReading, bounds_of
from server.books.plans import write_plan
from server.books.records import write_readings
from server.settings.home import (
    BatterySettings,
    FixedPrice,
    InverterSettings,
    MeterSettings,
    PriceSettings,
    Settings,
)
from tests.books.conftest import tables
from tests.books.homes import BEGIN, expected, plan, reading, start_of

BATTERY = BatterySettings(
    soc="sensor.soc",
    capacity_kwh=10.0,
    charge_kw=3.0,
    discharge_kw=3.0,
    efficiency=0.9,
    reserve=0.1,
    wear=0.01,
)
DAY = BEGIN.date()


def home(*batteries, **others):
    price = PriceSettings(source=FixedPrice(price=0.3))
    return Settings(import_price=price, currency="AUD", batteries=list(batteries), **others)


def book(connection, settings=None, day=DAY, zone=UTC):
    return day_book(connection, day, zone, settings)


def moved(energy_in, energy_out, soc):
    return [BatteryReading(energy_in=energy_in, energy_out=energy_out, soc=soc)]


def test_bills_are_those_made_by_hand(connection):
    write_readings(
        connection,
        [
            reading(0, grid_in=1.0, grid_out=0.0, batteries=moved(0.6, 0.0, 0.5)),
            reading(1, grid_in=0.0, grid_out=0.5, batteries=moved(0.0, 0.8, 0.4)),
        ],
    )

    found = book(connection, home(BATTERY))

    assert found.share == pytest.approx(2 / 288)
    assert found.currency == "AUD"
    assert found.bills.real == pytest.approx(1.0 * 0.3 - 0.5 * 0.05)
    assert found.bills.idle == pytest.approx((1.0 - 0.6) * 0.3 + (-0.5 + 0.8) * 0.3)
    assert found.bills.wear == pytest.approx(0.01 * 1.4)
    assert found.energies.battery_in == pytest.approx(0.6)
    assert found.claim is None


@pytest.mark.parametrize(
    "missing",
    [
        {"grid_in": None},
        {"grid_out": None},
        {"import_price": None},
        {"export_price": None},
        {"batteries": moved(None, 0.1, 0.5)},
        {"batteries": [*moved(0.1, 0.1, 0.5), *moved(0.1, None, 0.5)]},
    ],
)
def test_what_is_missing_never_counts_as_zero(connection, missing):
    write_plan(connection, plan(0))
    write_plan(connection, plan(5))
    write_readings(connection, [reading(n) for n in range(3)])
    whole = book(connection, home(BATTERY))

    write_readings(connection, [reading(3, **missing)])

    assert book(connection, home(BATTERY)) == whole


def test_a_day_without_readings_has_no_bill(connection):
    found = book(connection, home(BATTERY))

    assert (found.share, found.bills, found.energies, found.claim) == (0.0, None, None, None)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_has_its_hours_by_the_local_clock(connection, day, hours):
    zone = ZoneInfo("Europe/Berlin")
    first, last = bounds_of(day, zone)
    begin = round((first - BEGIN.timestamp()) / 300)
    assert last - first == hours * 3600

    write_readings(connection, [reading(n) for n in range(begin - 20, begin + 320)])
    found = book(connection, day=day, zone=zone)

    assert found.share == 1.0
    assert found.bills.import_cost == pytest.approx(
        sum(0.3 * reading(n).grid_in for n in range(begin, begin + 12 * hours))
    )


@given(
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"]),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
)
def test_days_follow_each_other_without_gap(name, day):
    zone = ZoneInfo(name)
    first, last = bounds_of(day, zone)

    assert last == bounds_of(day + timedelta(days=1), zone)[0]
    assert last - first in {84_600, 82_800, 86_400, 88_200, 90_000}
    assert first % 300 == 0


# ---- where the difference came from


energies = st.floats(0, 3)
prices = st.floats(-0.5, 1)
claims = st.tuples(*[energies] * 4, prices, prices)
measured = st.tuples(*[energies] * 5, prices, prices)


def expectation(number, claim):
    names = ("grid_in", "grid_out", "load", "solar", "import_price", "export_price")
    return expected(number, **dict(zip(names, claim, strict=True)))


def with_claims(ahead, last, rows):
    """Books of a day of which `ahead` was claimed, and `last` said just before each interval."""
    connection, made = tables(), BEGIN - timedelta(minutes=5)
    numbers = range(len(ahead))
    entries = [expectation(n, ahead[n]) for n in numbers]
    write_plan(connection, plan(-1, made=made, expected=entries))
    for n in numbers:
        entries = [expectation(n, last[n])]
        write_plan(connection, plan(n, expected=entries))
    write_plan(connection, plan(len(ahead), expected=[]))
    write_readings(connection, rows)
    return book(connection)


@given(st.lists(st.tuples(claims, claims, measured), min_size=1, max_size=6))
def test_the_parts_are_the_whole_difference(cases):
    names = ("grid_in", "grid_out", "import_price", "export_price")
    rows = [
        reading(n, **dict(zip(names, (*row[:2], *row[5:]), strict=True)), car=row[2],
                batteries=moved(row[3], row[4], 0.5))
        for n, (_, _, row) in enumerate(cases)
    ]  # fmt: skip

    found = with_claims([ahead for ahead, _, _ in cases], [last for _, last, _ in cases], rows)

    claim = found.claim
    assert claim.share == found.share == len(cases) / 288
    assert claim.real == pytest.approx(found.bills.real, abs=1e-9)
    assert claim.claimed == pytest.approx(
        sum(a[0] * a[4] - a[1] * a[5] for a, _, _ in cases), abs=1e-9
    )
    parts = claim.from_price + claim.from_forecast + claim.from_execution
    assert claim.real - claim.claimed == pytest.approx(parts, abs=1e-9)


HELD = (0.2, 0.0, 0.2, 0.0, 0.3, 0.1)  # the house from the grid, nothing in the battery
AS_CLAIMED = {"grid_in": 0.2, "grid_out": 0.0, "batteries": moved(0.0, 0.0, 0.5)}


@pytest.mark.parametrize(
    ("last", "row", "parts"),
    [
        (HELD, {}, (0.0, 0.0, 0.0)),
        (HELD, {"import_price": 0.4}, (0.02, 0.0, 0.0)),
        (HELD, {"grid_in": 0.5}, (0.0, 0.09, 0.0)),
        (HELD, {"grid_in": 0.7, "batteries": moved(0.5, 0.0, 0.5)}, (0.0, 0.0, 0.15)),
        # A later plan charges 0.5 kWh, and so it is done.
        (
            (0.7, 0.0, 0.2, 0.0, 0.3, 0.1),
            {"grid_in": 0.7, "batteries": moved(0.5, 0.0, 0.5)},
            (0.0, 0.15, 0.0),
        ),
        # It was not done.
        ((0.7, 0.0, 0.2, 0.0, 0.3, 0.1), {}, (0.0, 0.15, -0.15)),
        # The car took 0.3 kWh that no plan knew of.
        (HELD, {"grid_in": 0.5, "car": 0.3}, (0.0, 0.0, 0.09)),
    ],
)
def test_each_difference_has_its_cause(last, row, parts):
    values = {"import_price": 0.3, "export_price": 0.1, **AS_CLAIMED, **row}

    claim = with_claims([HELD], [last], [reading(0, **values)]).claim

    found = (claim.from_price, claim.from_forecast, claim.from_execution)
    assert found == pytest.approx(parts, abs=1e-9)


# ---- plain self-consumption


def follow(nets, soc, battery):
    """Readings of a home whose battery just follows the house."""
    stored, rows = soc * battery.capacity_kwh, []
    for number, net in enumerate(nets):
        room = max(battery.max_soc * battery.capacity_kwh - stored, 0.0) / battery.efficiency
        left = max(stored - battery.reserve * battery.capacity_kwh, 0.0) * battery.efficiency
        taken = min(max(-net, 0.0), battery.charge_kw / 12, room)
        given_ = min(max(net, 0.0), battery.discharge_kw / 12, left)
        flow = taken * battery.efficiency - given_ / battery.efficiency
        mean, stored = stored + flow / 2, stored + flow
        metered = net + taken - given_
        rows.append(
            reading(
                number,
                grid_in=max(metered, 0.0),
                grid_out=max(-metered, 0.0),
                solar=max(-net, 0.0),
                batteries=moved(taken, given_, mean / battery.capacity_kwh),
            )
        )
    return rows


@given(st.lists(st.floats(-0.6, 0.6), min_size=1, max_size=40), st.floats(0.1, 1.0), st.data())
def test_who_only_follows_the_house_has_saved_nothing(nets, soc, lost):
    """States of charge may be missing, but for one; the interval before counts as well."""
    connection = tables()
    rows = follow(nets, soc, BATTERY)
    kept = lost.draw(st.integers(-1, len(nets) - 1))
    for number, row in enumerate(rows):
        if number != kept and lost.draw(st.booleans()):
            row.batteries[0].soc = None
    before = [BatteryReading(energy_in=0.1, energy_out=0.0, soc=soc - 0.1 * 0.9 / 10 / 2)]
    write_readings(connection, [reading(-1, grid_in=None, batteries=before), *rows])

    bills = book(connection, home(BATTERY)).bills

    assert bills.self_consumption == pytest.approx(bills.real, abs=1e-6)
    assert bills.self_consumption_wear == pytest.approx(bills.wear, abs=1e-6)
    assert bills.more_stored_kwh == pytest.approx(0.0, abs=1e-6)
    assert bills.saved == pytest.approx(0.0, abs=1e-6)


def test_energy_that_is_left_has_its_value_beside_the_bill(connection):
    """A real battery that rests, where the other would have served the house."""
    rest = moved(0.0, 0.0, 0.5)
    write_readings(
        connection, [reading(n, grid_in=0.2, grid_out=0.0, batteries=rest) for n in range(12)]
    )

    bills = book(connection, home(BATTERY)).bills

    assert bills.real == pytest.approx(12 * 0.2 * 0.3)
    assert bills.self_consumption == pytest.approx(0.0)
    assert bills.more_stored_kwh == pytest.approx(2.4)
    assert bills.more_stored == pytest.approx(2.4 * 0.3)
    assert bills.saved == pytest.approx(0.0, abs=1e-9)
    assert bills.idle == bills.real


def test_reserve_power_and_inverter_hold_for_the_simulated_battery_too(connection):
    row = {"grid_in": 0.5, "grid_out": 0.0, "solar": 0.0, "batteries": moved(0.0, 0.0, 0.2)}
    write_readings(connection, [reading(n, **row) for n in range(12)])

    free = book(connection, home(BATTERY)).bills
    by_inverter = book(connection, home(BATTERY, inverter=InverterSettings(ac_limit_kw=0.3))).bills

    # One kWh is above the reserve, 0.9 kWh of which come out, 3 kW at most.
    assert free.self_consumption == pytest.approx((6.0 - 0.9) * 0.3)
    assert by_inverter.self_consumption == pytest.approx((6.0 - 0.3) * 0.3)


def test_exports_beyond_the_limit_earn_nothing(connection):
    full = moved(0.0, 0.0, 1.0)
    write_readings(connection, [reading(0, grid_in=0.0, grid_out=0.5, batteries=full)])

    bills = book(connection, home(BATTERY, meter=MeterSettings(max_export_kw=3.0))).bills

    assert bills.self_consumption == pytest.approx(-0.25 * 0.05)


def test_after_a_gap_the_simulation_begins_at_the_real_state_of_charge(connection):
    rows = [reading(n, grid_in=0.2, grid_out=0.0, batteries=moved(0.0, 0.0, 0.5)) for n in range(6)]
    rows += [
        reading(n, grid_in=0.2, grid_out=0.0, batteries=moved(0.0, 0.0, 0.1)) for n in range(9, 15)
    ]
    write_readings(connection, rows)

    bills = book(connection, home(BATTERY)).bills

    assert bills.self_consumption == pytest.approx(6 * 0.2 * 0.3)
    assert bills.more_stored_kwh == pytest.approx(6 * 0.2)


@pytest.mark.parametrize("settings", [None, home(BATTERY, BATTERY)])
def test_unknown_is_not_zero(connection, settings):
    """Without settings, or with a battery that has no readings, only facts are told."""
    write_readings(connection, [reading(n) for n in range(3)])

    bills = book(connection, settings).bills

    assert bills.real > 0
    assert (bills.self_consumption, bills.more_stored, bills.saved) == (None, None, None)


def test_a_home_without_batteries_has_one_bill(connection):
    write_readings(connection, [reading(n, batteries=[]) for n in range(9)])

    bills = book(connection, home()).bills

    net = [reading(n).grid_in - reading(n).grid_out for n in range(9)]
    assert bills.idle == pytest.approx(sum(x * (0.3 if x > 0 else 0.05) for x in net))
    assert bills.self_consumption == pytest.approx(bills.idle)
    assert bills.more_stored_kwh == 0.0


def test_a_day_is_in_time(connection):
    """A month is told in seconds even by a slow machine: a day is some 300 rows, read once."""
    write_readings(connection, [reading(n) for n in range(288)])
    asked = []
    connection.set_trace_callback(asked.append)

    assert book(connection, home(BATTERY)).share == 1.0

    assert len(asked) <= 4


def test_the_first_instant_of_a_day_belongs_to_it(connection):
    write_readings(connection, [reading(288)])

    assert book(connection).share == 0.0
    assert book(connection, day=DAY + timedelta(days=1)).share == 1 / 288
    assert start_of(288) == datetime(2026, 3, 2, tzinfo=UTC)
