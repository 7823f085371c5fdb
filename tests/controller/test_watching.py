"""Virtual batteries of watch mode: what commands do to them, and what that would have cost."""

import asyncio
from datetime import UTC, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.books.books import Books, ToWatch
from server.books.days import day_book
from server.books.entries import BatteryReading, VirtualEntry
from server.books.records import (
    Interval,
    intervals,
    last_virtual,
    write_readings,
    write_virtual,
)
from server.controller.orders import Order
from server.controller.watching import PAUSE, Watcher, command_at, mark, move, moves
from server.home.readings import Inputs, PriceRows, SocReading
from server.home.states.socs import ExpectedSocs
from server.settings.home import (
    BatterySettings,
    ChargeNow,
    FixedPrice,
    InverterSettings,
    MeterSettings,
    PriceSettings,
    Settings,
    SolarSettings,
)
from tests.books.conftest import tables
from tests.books.homes import BEGIN, INTERVAL, command, reading, start_of
from tests.controller.homes import FIVE_MINUTES, METERS

BATTERY = BatterySettings(
    soc="sensor.soc",
    capacity_kwh=10.0,
    charge_kw=3.0,
    discharge_kw=3.0,
    efficiency=0.9,
    reserve=0.1,
    wear=0.01,
)
SECOND = msgspec.structs.replace(BATTERY, capacity_kwh=4.0, charge_kw=1.0, max_soc=0.9)
LATE = timedelta(hours=1)
HOUR = timedelta(hours=1)


def home(*batteries, **others):
    price = PriceSettings(source=FixedPrice(price=0.3))
    return Settings(import_price=price, batteries=list(batteries), mode="watch", **others)


def measured(number, net, *, solar=0.0, price=0.3, reward=0.05):
    """An interval of a house whose batteries rest, which takes or leaves an energy. [kWh]"""
    return Interval(
        start=int(start_of(number).timestamp()),
        grid_in=max(net, 0.0),
        grid_out=max(-net, 0.0),
        solar=max(solar, -net),
        load=None,
        car=None,
        import_price=price,
        export_price=reward,
        battery_in=0.0,
        battery_out=0.0,
        moved=None,
        claimed=None,
        claimed_at_prices=None,
    )


def begin(*socs, number=0):
    return VirtualEntry(start=start_of(number - 1), socs=list(socs))


def watched(nets, commands, settings, *socs):
    rows = [measured(number, net) for number, net in enumerate(nets)]
    return list(moves(ToWatch(begin(*socs), rows, commands), settings))


# ---- one command


@pytest.mark.parametrize(
    ("net", "action", "watts", "into"),
    [
        (0.1, "charge", 2400.0, 0.2),
        (-0.1, "charge", 2400.0, 0.2),
        (-0.1, "charge", 0.0, 0.0),
        (0.1, "charge", 9000.0, 0.25),
        (0.1, "export", 2400.0, -0.2),
        (-0.1, "export", 2400.0, -0.2),
        (0.1, "export", 9000.0, -0.25),
        (0.1, "hold", 0.0, 0.0),
        (-0.1, "hold", 0.0, 0.1),
        (0.1, "normal", 0.0, -0.1),
        (-0.1, "normal", 0.0, 0.1),
        (-0.5, "normal", 0.0, 0.25),
    ],
)
def test_each_command_is_obeyed(net, action, watts, into):
    done = move(measured(0, net), [0.5], command(0, action=action, power_w=watts), home(BATTERY))

    assert done.battery_in - done.battery_out == pytest.approx(into)
    assert done.grid_in - done.grid_out == pytest.approx(net + into)
    stored = into * 0.9 if into > 0 else into / 0.9
    assert done.socs == pytest.approx([0.5 + stored / 10.0])
    assert done.soc == pytest.approx(done.socs[0])
    assert done.gained == pytest.approx(stored * 0.9)


NO_GRID = msgspec.structs.replace(BATTERY, charge_from_grid=False)
NO_EXPORT = msgspec.structs.replace(BATTERY, export=False)


@pytest.mark.parametrize(
    ("settings", "net", "action", "into"),
    [
        (home(BATTERY, meter=MeterSettings(max_import_kw=3.0)), 0.1, "charge", 0.15),
        (home(BATTERY, meter=MeterSettings(max_import_kw=0.6)), 0.1, "charge", 0.0),
        (home(BATTERY, meter=MeterSettings(max_export_kw=0.6)), 0.1, "export", -0.15),
        (home(BATTERY, meter=MeterSettings(max_export_kw=0.6)), -0.1, "export", 0.0),
        (home(NO_GRID), 0.1, "charge", 0.0),
        (home(NO_GRID), -0.1, "charge", 0.1),
        (home(NO_EXPORT), 0.1, "export", -0.1),
        (home(NO_EXPORT), -0.1, "export", 0.0),
        (home(NO_GRID, BATTERY), -0.1, "charge", 0.2),
        (home(BATTERY, inverter=InverterSettings(ac_limit_kw=1.2)), 0.1, "charge", 0.1),
        (home(BATTERY, inverter=InverterSettings(ac_limit_kw=1.2)), 0.1, "export", -0.1),
    ],
)
def test_limits_and_permissions_hold(settings, net, action, into):
    order = command(0, action=action, power_w=2400.0)

    done = move(measured(0, net), [0.5] * len(settings.batteries), order, settings)

    assert done.battery_in - done.battery_out == pytest.approx(into, abs=1e-9)


def test_below_its_reserve_a_battery_gives_nothing_and_buys_nothing():
    for order in (None, command(0, action="export"), command(0, action="hold")):
        done = move(measured(0, 0.1), [0.05], order, home(BATTERY))

        assert (done.battery_in, done.battery_out) == (0.0, 0.0)


def test_what_is_no_home_is_not_watched():
    assert move(measured(0, 0.1, price=float("nan")), [0.5], None, home(BATTERY)) is None


@pytest.mark.parametrize(
    ("minutes", "after", "is_in_force"),
    [
        (5, 0, True),  # the shortest duration is 15 minutes
        (5, 10, True),
        (5, 15, False),
        (60, 15, True),  # the longest is 20
        (60, 20, False),
        (60, -5, False),
    ],
)
def test_a_command_lasts_as_long_as_the_battery_would_have_been_told(minutes, after, is_in_force):
    told = command(0, at=BEGIN + timedelta(seconds=2), until=BEGIN + timedelta(minutes=minutes))

    found = command_at([told], BEGIN + timedelta(minutes=after))

    assert (found is told) == is_in_force


def test_the_last_command_counts():
    first, second = command(0), command(1, action="hold")

    assert command_at([first, second], start_of(0)) is first
    assert command_at([first, second], start_of(1)) is second


# ---- days

homes = st.sampled_from(
    [
        home(BATTERY),
        home(BATTERY, SECOND),
        home(BATTERY, meter=MeterSettings(max_import_kw=4.0, max_export_kw=2.0)),
        home(BATTERY, inverter=InverterSettings(ac_limit_kw=2.0)),
        home(NO_GRID, NO_EXPORT),
        home(BATTERY, solar=SolarSettings(may_curtail=True)),
    ]
)
nets = st.lists(st.floats(-0.6, 0.6), min_size=1, max_size=40)
shares = st.floats(0.1, 0.9)
orders = st.lists(
    st.tuples(st.sampled_from(["charge", "export", "hold", "normal"]), st.floats(0, 6000)),
    min_size=1,
    max_size=8,
)


def told(pairs):
    return [
        command(5 * n, action=action, power_w=watts, until=start_of(5 * n + 4))
        for n, (action, watts) in enumerate(pairs)
    ]


@given(homes, nets, shares, orders)
def test_energies_balance_and_states_of_charge_stay_within_limits(settings, nets, soc, pairs):
    commands = told(pairs)
    before = [soc] * len(settings.batteries)

    entries = watched(nets, commands, settings, *before)

    assert len(entries) == len(nets)
    limit = settings.meter.max_import_kw
    for net, entry in zip(nets, entries, strict=True):
        drawn = net + entry.battery_in - entry.battery_out
        unused = entry.grid_in - entry.grid_out - drawn
        assert -1e-6 <= unused <= max(-net, 0.0) + 1e-6
        assert min(entry.grid_in, entry.grid_out) == 0.0
        assert entry.battery_in <= sum(one.charge_kw for one in settings.batteries) / 12 + 1e-9
        assert entry.battery_out <= sum(one.discharge_kw for one in settings.batteries) / 12 + 1e-9
        assert limit is None or entry.grid_in <= max(limit / 12, net) + 1e-9
        for one, share in zip(settings.batteries, entry.socs, strict=True):
            assert one.reserve - 1e-9 <= share <= one.max_soc + 1e-9
        levels = zip(settings.batteries, before, entry.socs, strict=True)
        gained = sum((after - had) * one.capacity_kwh for one, had, after in levels)
        assert gained == pytest.approx(entry.battery_in * 0.9 - entry.battery_out / 0.9, abs=1e-6)
        before = entry.socs


@given(homes, nets, shares, st.lists(st.floats(-0.2, 0.6), min_size=40, max_size=40))
def test_batteries_that_are_always_normal_have_the_bill_of_plain_self_consumption(
    settings, nets, soc, prices
):
    resting = [BatteryReading(energy_in=0.0, energy_out=0.0, soc=soc) for _ in settings.batteries]
    rows = [
        reading(
            number,
            grid_in=max(net, 0.0),
            grid_out=max(-net, 0.0),
            solar=max(-net, 0.0),
            import_price=price,
            export_price=price - 0.1,
            batteries=resting,
        )
        for number, (net, price) in enumerate(zip(nets, prices, strict=False))
    ]
    measured_rows = [
        measured(number, net, price=price, reward=price - 0.1)
        for number, (net, price) in enumerate(zip(nets, prices, strict=False))
    ]
    start = begin(*[soc] * len(settings.batteries))
    connection = tables()
    write_readings(connection, rows)
    write_virtual(connection, [start, *moves(ToWatch(start, measured_rows, []), settings)])

    bills = day_book(connection, BEGIN.date(), UTC, settings).bills

    assert bills.watched == pytest.approx(bills.self_consumption, abs=1e-9)
    assert bills.watched_share == pytest.approx(len(nets) / 288)
    assert bills.watched_wear == pytest.approx(bills.self_consumption_wear, abs=1e-9)
    assert bills.watched_more_stored_kwh == pytest.approx(0.0, abs=1e-6)
    assert bills.watched_saved == pytest.approx(0.0, abs=1e-6)
    assert bills.watched_saved_more == pytest.approx(-bills.saved, abs=1e-6)
    connection.close()


def really(number, net, before, done, settings):
    """The reading of a home whose batteries do just that."""
    pairs = zip(settings.batteries, before, done.socs, strict=True)
    batteries = []
    for one, had, has in pairs:
        stored = (has - had) * one.capacity_kwh
        flows = max(stored, 0.0) / one.efficiency, max(-stored, 0.0) * one.efficiency
        mean = (had + has) / 2
        batteries.append(BatteryReading(energy_in=flows[0], energy_out=flows[1], soc=mean))
    energies = {"grid_in": done.grid_in, "grid_out": done.grid_out, "solar": max(-net, 0.0)}
    return reading(number, batteries=batteries, **energies)


@given(st.sampled_from([home(BATTERY), home(BATTERY, SECOND)]), nets, shares, orders)
def test_where_the_real_batteries_obeyed_there_was_nothing_more_to_save(settings, nets, soc, pairs):
    commands, socs = told(pairs), [soc] * len(settings.batteries)
    entries = watched(nets, commands, settings, *socs)
    befores = [socs, *(entry.socs for entry in entries)]
    connection = tables()
    zipped = zip(nets, befores, entries, strict=False)
    write_readings(connection, [really(n, *one, settings) for n, one in enumerate(zipped)])
    rows = list(intervals(connection, 0, 2**40))
    again = list(moves(ToWatch(begin(*socs), rows, commands), settings))
    write_virtual(connection, [begin(*socs), *again])

    bills = day_book(connection, BEGIN.date(), UTC, settings).bills

    assert again[-1].socs == pytest.approx(entries[-1].socs, abs=1e-6)
    assert bills.watched == pytest.approx(bills.real, abs=1e-5)
    assert bills.watched_wear == pytest.approx(bills.wear, abs=1e-6)
    assert bills.watched_saved_more == pytest.approx(0.0, abs=1e-5)
    assert bills.watched_saved == pytest.approx(bills.saved, abs=1e-5)
    connection.close()


@given(nets, shares, orders, st.data())
def test_a_restart_in_the_middle_changes_nothing(nets, soc, pairs, data):
    settings, commands = home(BATTERY, SECOND), told(pairs)
    rows = [measured(number, net) for number, net in enumerate(nets)]
    whole = list(moves(ToWatch(begin(soc, soc), rows, commands), settings))
    cut = data.draw(st.integers(0, len(nets) - 1))
    again = data.draw(st.integers(0, cut))

    connection = tables()
    write_virtual(connection, [begin(soc, soc), *whole[: cut + 1]])
    since = whole[again]
    write_virtual(connection, moves(ToWatch(since, rows[again + 1 :], commands), settings))

    last = last_virtual(connection)
    assert last.start == whole[-1].start
    assert last.socs == pytest.approx(whole[-1].socs, abs=1e-12)
    connection.close()


def test_after_a_pause_of_the_readings_nothing_is_moved_on():
    rows = [measured(0, 0.1), measured(12, 0.1), measured(26, 0.1)]

    entries = list(moves(ToWatch(begin(0.5), rows, []), home(BATTERY)))

    assert [entry.start for entry in entries] == [start_of(0), start_of(12)]


def test_batteries_of_other_settings_are_not_moved():
    part = ToWatch(begin(0.5), [measured(0, 0.1)], [])

    assert list(moves(part, home(BATTERY, SECOND))) == []


# ---- states of charge of now


def expected(number, socs):
    """A plan of an hour from an interval on, whose one battery moves on from share to share."""
    return ExpectedSocs([start_of(number + k) for k in range(len(socs))], [socs])


def test_states_of_charge_are_carried_by_the_plans_since_the_last_reading():
    watcher, last = Watcher(), VirtualEntry(start=start_of(0), socs=[0.5])
    watcher.note(expected(0, [0.1, 0.2, 0.3, 0.4]), is_virtual=False)
    watcher.note(expected(1, [0.6, 0.7, 0.8]), is_virtual=True)
    watcher.note(expected(2, [0.6, 0.5, 0.4]), is_virtual=True)

    now = start_of(2) + INTERVAL / 2

    assert watcher.socs(last, home(BATTERY), now) == pytest.approx([0.5 + 0.1 - 0.05])


def test_plans_before_watching_began_move_nothing():
    watcher, last = Watcher(), VirtualEntry(start=start_of(0), socs=[0.5])
    watcher.note(expected(0, [0.1, 0.2, 0.9, 0.9]), is_virtual=True)
    watcher.note(expected(2, [0.5, 0.6]), is_virtual=False)

    assert watcher.socs(last, home(BATTERY), start_of(3)) == pytest.approx([0.6])


@pytest.mark.parametrize(
    ("last", "settings", "now"),
    [
        (None, home(BATTERY), BEGIN),
        (begin(), home(BATTERY), BEGIN),
        (begin(0.5, 0.5), home(BATTERY), BEGIN),
        (begin(0.5), home(BATTERY), BEGIN + PAUSE + timedelta(seconds=1)),
        (begin(0.5), home(BATTERY), BEGIN - HOUR),
        (begin(0.5), msgspec.structs.replace(home(BATTERY), mode="automatic"), BEGIN),
        (begin(), home(), BEGIN),
    ],
    ids=["first", "ended", "other batteries", "pause", "clock put back", "automatic", "none"],
)
def test_without_a_virtual_state_of_charge_a_plan_starts_from_the_real_one(last, settings, now):
    assert Watcher().socs(last, settings, now) is None


def inputs(at, *readings):
    nothing = PriceRows([], [], at, [])
    return Inputs(
        at=at,
        zone=UTC,
        timezone="UTC",
        import_prices=nothing,
        export_prices=nothing,
        solar_rows=[],
        load_rows=[],
        socs=list(readings),
    )


def test_watching_begins_at_the_real_state_of_charge_and_ends_with_its_mode():
    at, settings = start_of(3) + timedelta(seconds=70), home(BATTERY)
    seen = inputs(at, SocReading(value=0.64))

    (first,) = mark(seen, settings, is_virtual=False)

    assert (first.end, first.socs, first.grid_in) == (start_of(3), [0.64], None)
    assert mark(seen, settings, is_virtual=True) == []
    stale = inputs(at, SocReading(value=0.64, is_carried=True, is_commandable=False))
    assert mark(stale, settings, is_virtual=False) == []
    (last,) = mark(seen, msgspec.structs.replace(settings, mode="paused"), is_virtual=False)
    assert (last.start, last.socs) == (start_of(3), [])


# ---- in the books


@pytest.fixture
async def books(tmp_path):
    books = await Books.open(tmp_path / "books")
    yield books
    await books.close()


async def watch(books, settings):
    part = await books.to_watch(LATE)
    entries = [] if part is None else list(moves(part, settings))
    await books.write_virtual(entries)
    return entries


def house(number, net):
    resting = [BatteryReading(energy_in=0.0, energy_out=0.0, soc=0.5)]
    energies = {"grid_in": max(net, 0.0), "grid_out": max(-net, 0.0), "solar": max(-net, 0.0)}
    return reading(number, batteries=resting, **energies)


async def test_the_last_hour_is_moved_again_where_readings_are_completed(books):
    settings = home(BATTERY)
    await books.write_interval(virtual=[begin(0.5)])
    await books.write_interval([house(n, 0.1) for n in range(30)], commands=[command(0)])
    first = await watch(books, settings)
    assert len(first) == 30

    assert await watch(books, settings) == first[-12:]  # the same again
    await books.write_readings([house(28, 0.2)])
    again = await watch(books, settings)

    assert [one.start for one in again] == [one.start for one in first[-12:]]
    assert again[-1].socs[0] == pytest.approx(first[-1].socs[0] - 0.1 / 0.9 / 10.0)
    assert again[-3] == first[-3]


async def test_a_day_that_is_watched_in_part_has_the_real_bill_of_the_rest(books):
    """Charged for two intervals, at 0.3 each; the rest as it was."""
    settings = home(BATTERY)
    await books.write_interval([house(n, 0.1) for n in range(8)])
    await books.write_interval(virtual=[begin(0.5, number=4)])
    charge = command(4, power_w=1200.0, until=start_of(6))
    await books.write_interval(commands=[charge, command(6, action="hold", until=start_of(9))])
    await watch(books, settings)

    (day,) = await books.days(BEGIN.date(), BEGIN.date(), UTC, settings)
    bills = day.bills

    assert bills.watched_share == pytest.approx(4 / 288)
    assert bills.watched == pytest.approx(bills.real + 2 * 0.1 * 0.3)
    assert bills.watched_wear == pytest.approx(0.2 * 0.01)
    stored = 0.2 * 0.9 * 0.9
    assert bills.watched_more_stored_kwh == pytest.approx(bills.more_stored_kwh + stored)
    assert bills.watched_saved_more == pytest.approx(0.3 * (stored - 0.2))
    assert bills.watched_saved == pytest.approx(bills.saved + bills.watched_saved_more)


async def test_what_is_told_in_another_mode_moves_nothing(books):
    await books.write_interval(virtual=[begin(0.5)])
    await books.write_interval([house(0, 0.0)], commands=[command(0, mode="automatic")])

    (entry,) = await watch(books, home(BATTERY))

    assert entry.socs == [0.5]


async def test_between_two_times_of_watching_nothing_is_watched(books):
    settings = home(BATTERY)
    await books.write_interval(virtual=[begin(0.5)])
    await books.write_readings([house(n, 0.1) for n in range(3)])
    await watch(books, settings)
    await books.write_interval(virtual=[VirtualEntry(start=start_of(4), socs=[])])
    await books.write_readings([house(n, 0.1) for n in range(3, 9)])
    assert await watch(books, settings) == []

    await books.write_interval(virtual=[begin(0.8, number=9)])
    await books.write_readings([house(n, 0.1) for n in range(9, 12)])

    entries = await watch(books, settings)
    assert [one.start for one in entries] == [start_of(n) for n in range(9, 12)]
    (day,) = await books.days(BEGIN.date(), BEGIN.date(), UTC, settings)
    assert day.bills.watched_share == pytest.approx(6 / 288)


async def test_the_end_of_what_is_not_watched_is_not_written(books):
    await books.write_interval(virtual=[VirtualEntry(start=start_of(4), socs=[])])

    assert await books.last_virtual() is None


async def test_watching_that_begins_again_replaces_what_is_of_later(books):
    """So it is where a clock was put back."""
    await books.write_interval(virtual=[begin(0.5, number=900), begin(0.4, number=3)])

    last = await books.last_virtual()

    assert (last.end, last.socs) == (start_of(3), [0.4])


# ---- all of it


async def measured_in(place, day, is_true):
    async with asyncio.timeout(20):
        while not (days := await place.controller.days(day, day)) or not is_true(days[0].bills):
            await asyncio.sleep(0.02)
    return days[0].bills


def source_of(status):
    """What the page says of the state of charge; nothing while it is read."""
    found = [one for one in status.sources if one.field == "batteries[0].soc"]
    return "".join(f"{one.value}: {one.text.lower()}" for one in found)


def would_charge(status):
    return status.planned is not None and status.planned.action == "charge"


async def test_in_watch_mode_plans_start_where_their_commands_would_have_led(place):
    """The real state of charge stays; a charge of half an hour is watched for half of it."""
    place.now += timedelta(hours=6)
    await place.soc(64)
    first = await place.confirm(mode="watch")
    assert first.storages[0].soc == pytest.approx(0.64)
    place.now += timedelta(minutes=4)
    until = (place.now + HOUR / 2).isoformat()
    await place.controller.obey(Order(charge_now=ChargeNow(soc=1.0, until=until)))
    seen = (await place.plan_after(first.planned_at, is_true=would_charge)).planned_at
    start = place.now.replace(minute=0)
    for _ in range(3):
        for name in METERS:
            energy = 0.05 if name in ("grid_in", "home_energy") else 0.0
            place.fake.add_statistics(f"sensor.{name}", start, [energy], period="5minute")
        start += FIVE_MINUTES
        place.now += FIVE_MINUTES
        await place.soc(64)
        status = await place.plan_after(seen, is_true=lambda status: "watch" in source_of(status))
        seen = status.planned_at

    assert status.storages[0].soc == pytest.approx(0.664, abs=0.002)  # at 1.6 kW
    assert source_of(status).startswith("64%: watch mode")
    assert "where its commands would have led" in source_of(status)
    assert status.command.action == "normal"
    bills = await measured_in(place, place.now.date(), lambda bills: bills and bills.watched)
    assert bills.watched_share > 0.0
    assert place.commands() == []

    place.now += timedelta(seconds=20)
    await place.controller.obey(Order(mode="automatic"))
    status = await place.plan_after(seen, is_true=lambda status: status.mode == "automatic")
    assert status.storages[0].soc == pytest.approx(0.64)
