"""Recognition of single shapes, choices between several, and what is no series at all."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.sources.rows import Row, value_at
from server.sources.series import add_powers, merge, series_from
from tests.sources.shapes import BERLIN, SYDNEY, amber, open_meteo, rows, slots_of, solcast

HOUR = timedelta(hours=1)
NOON = datetime(2026, 8, 22, 12, tzinfo=BERLIN)
SUMMER = slots_of(BERLIN, date(2026, 8, 22), 1, 60)


def read(value, unit=None, zone=BERLIN, now=NOON, **options):
    return series_from(value, unit=unit, zone=zone, now=now, **options)


def at(hour, minute=0):
    return datetime(2026, 8, 22, hour, minute, tzinfo=BERLIN)


# Of the API of Forecast.Solar, as its own library keeps it for tests; the power at an instant is
# half way between the mean powers of the periods beside it.
FORECAST_SOLAR = {
    "2024-04-26T06:20:17+02:00": 0,
    "2024-04-26T07:00:00+02:00": 89,
    "2024-04-26T08:00:00+02:00": 376,
    "2024-04-26T09:00:00+02:00": 538,
    "2024-04-26T12:00:00+02:00": 821,
    "2024-04-26T20:00:00+02:00": 64,
    "2024-04-26T20:59:23+02:00": 19,
    "2024-04-27T06:18:17+02:00": 0,
    "2024-04-27T07:00:00+02:00": 67,
    "2024-04-27T08:00:00+02:00": 260,
}


def hourly(first, last, values=200):
    """A day of the Energy dashboard from sunrise to sunset, at irregular minutes."""
    hours = {f"2024-04-26T{hour:02}:00:00+02:00": values for hour in range(7, 21)}
    return {
        "2024-04-26T06:20:00+02:00": first,
        **hours,
        "2024-04-26T20:50:00+02:00": last,
    }


def test_energies_of_forecast_solar_stand_at_the_ends_of_their_periods():
    hours = {**hourly(0, 19), **{k: v for k, v in FORECAST_SOLAR.items() if k > "2024-04-27"}}

    series = read({"wh_hours": hours})

    def watts(day, hour, minute):
        return value_at(series.rows, datetime(2024, 4, day, hour, minute, tzinfo=BERLIN))

    assert watts(26, 6, 30) == pytest.approx(200 * 60 / 40)  # from 06:20 to 07:00
    assert watts(26, 12, 30) == 200
    assert watts(26, 20, 30) == pytest.approx(19 * 60 / 50)
    assert watts(26, 23, 0) is None
    assert watts(27, 6, 30) == pytest.approx(67 * 60 / 42)
    assert any("ends of their periods" in note for note in series.notes)


@pytest.mark.parametrize(("first", "last"), [(30, 0), (0, 0), (30, 19)])
def test_other_energies_stand_at_the_starts(first, last):
    series = read({"wh_hours": hourly(first, last)})

    energy = sum(row.value * ((row.end - row.start) / HOUR) for row in series.rows)
    morning = value_at(series.rows, datetime(2024, 4, 26, 6, 30, tzinfo=BERLIN))
    assert morning == pytest.approx(first * 60 / 40)
    assert energy == pytest.approx(first + 14 * 200 + last)
    assert not any("ends" in note for note in series.notes)


def test_energies_since_sunrise_are_not_those_of_periods():
    cumulative, total = {}, 0
    for stamp, energy in FORECAST_SOLAR.items():
        total += energy
        cumulative[stamp] = total
    watts = dict.fromkeys(FORECAST_SOLAR, 9999)
    result = {"watts": watts, "watt_hours": cumulative, "watt_hours_period": FORECAST_SOLAR}

    series = read({"result": {**result, "watt_hours_day": {"2024-04-26": 6660}}})

    assert value_at(series.rows, datetime(2024, 4, 26, 7, 30, tzinfo=BERLIN)) == 376


def test_an_hour_of_a_forecast_does_not_stretch_over_the_night():
    watts = {f"2026-08-{day}T{hour:02}:00:00+02:00": 40 for day in (22, 23) for hour in (19, 20)}

    series = read({"watts": watts})

    assert value_at(series.rows, at(20, 59)) == 40
    assert value_at(series.rows, at(21)) is None


def test_five_and_thirty_minutes_are_mixed():
    fine = slots_of(SYDNEY, date(2026, 1, 22), 1, 5, value=lambda k: k / 100)[:6]
    coarse = slots_of(SYDNEY, date(2026, 1, 22), 1, 30, value=lambda k: 1 + k)[1:]

    series = read(amber(fine + coarse), zone=SYDNEY)

    assert value_at(series.rows, fine[5].end - timedelta(seconds=1)) == 0.05
    assert value_at(series.rows, coarse[0].start + timedelta(minutes=29)) == 2
    assert value_at(series.low, coarse[0].start) == 1
    assert value_at(series.high, coarse[0].start) == 4


def test_the_row_that_starts_later_holds_and_the_longer_one_resumes():
    prices = [
        {"start": at(0).isoformat(), "end": at(6).isoformat(), "price": 0.3},
        {"start": at(2).isoformat(), "end": at(3).isoformat(), "price": 0.1},
    ]

    series = read({"prices": prices}, "EUR/kWh")

    assert [value_at(series.rows, at(hour)) for hour in range(7)] == [
        *[0.3, 0.3, 0.1, 0.3, 0.3, 0.3],
        None,
    ]
    assert any("overlap" in note for note in series.notes)


@pytest.mark.parametrize("short", [1, 60])
def test_ends_a_minute_short_leave_no_gap(short):
    less = timedelta(seconds=short)
    slots = [slot._replace(end=slot.end - less) for slot in SUMMER]

    series = read({"prices": rows(slots, "start", "price", "end")}, "EUR/kWh")

    for slot in SUMMER[:-1]:
        assert value_at(series.rows, slot.end - timedelta(seconds=1)) == slot.value


def test_of_a_stamp_that_comes_twice_the_last_value_counts():
    prices = rows(SUMMER[:3], "start", "price", "end")
    prices.append({**prices[1], "price": 0.9})

    series = read({"prices": prices}, "EUR/kWh")

    assert value_at(series.rows, SUMMER[1].start) == 0.9
    assert any("twice" in note for note in series.notes)


@pytest.mark.parametrize("day", ["2026-10-25", "2026-03-29"])
def test_a_list_of_24_values_follows_the_clock_on_days_of_23_and_25_hours(day):
    now = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=BERLIN)

    series = read({"today": [k / 10 for k in range(24)]}, "SEK/kWh", now=now)

    for hour in (0, 1, 3, 4, 12, 23):
        assert value_at(series.rows, now.replace(hour=hour)) == pytest.approx(hour / 10)
    assert value_at(series.rows, now.replace(hour=2, fold=day > "2026-06")) is not None
    assert series.rows[-1].end == now.replace(hour=0) + timedelta(days=1)


def test_the_day_of_a_list_is_that_of_its_report():
    series = read({"tomorrow": [*range(24)]}, "SEK/kWh", now=NOON - timedelta(days=3))

    assert series.rows[0].start == at(0) - timedelta(days=2)


@pytest.mark.parametrize("count", [1, 20, 25, 100])
def test_a_list_that_fills_no_day_is_no_series(count):
    assert read({"today": [0.1] * count}, "SEK/kWh") is None


def test_one_attribute_an_hour_as_in_spain():
    hours = {f"price_{hour:02}h": hour / 100 for hour in range(24)}
    next_day = {f"price_next_day_{hour:02}h": hour / 10 for hour in range(24)}
    now = datetime(2026, 10, 25, 12, tzinfo=BERLIN)

    series = read({**hours, "price_02h_d": 0.77, **next_day}, "€/kWh", now=now)

    assert value_at(series.rows, now.replace(hour=2)) == 0.02
    assert value_at(series.rows, now.replace(hour=2, fold=1)) == 0.77
    assert value_at(series.rows, now.replace(hour=3)) == 0.03
    assert value_at(series.rows, now.replace(hour=13) + timedelta(days=1)) == 1.3


def test_hours_of_the_clock_beside_a_date():
    hours = [{"hour": hour, "power_kw": hour / 10, "energy_kwh": hour / 10} for hour in (6, 7, 8)]
    daily = [{"date": "2026-08-24", "energy_kwh": 22.0}, {"date": "2026-08-25", "energy_kwh": 9}]

    series = read({"date": "2026-08-24", "hours": hours, "forecast": daily}, "kWh")

    assert value_at(series.rows, at(7) + timedelta(days=2)) == pytest.approx(700)
    assert series.rows[-1].end == at(9) + timedelta(days=2)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("EUR/kWh", 1),
        ("€/MWh", 1e-3),
        ("ct/kWh", 1e-2),
        ("c/kWh", 1e-2),
        ("Cent/kWh", 1e-2),
        ("öre/kWh", 1e-2),
        ("Øre/kWh", 1e-2),
        ("p/kWh", 1e-2),
        ("GBP/kWh", 1),
        ("£/kWh", 1),
        ("$/kWh", 1),
        ("AUD/MWh", 1e-3),
        ("kr/kWh", 1),
        ("zł/kWh", 1),
        ("Ft/kWh", 1),
        ("EUR/Wh", 1e3),
        ("EUR per kWh", 1),
    ],
)
def test_the_unit_of_the_entity_decides_on_prices(unit, factor):
    series = read({"forecast": rows(SUMMER, "time", "value")}, unit)

    assert series.quantity == "price"
    assert series.unit == unit
    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(4 * factor)


@pytest.mark.parametrize(
    ("unit", "factor"), [("W", 1), ("kW", 1e3), ("Wh", 2), ("kWh", 2e3), ("MWh", 2e6)]
)
def test_the_unit_of_the_entity_decides_on_powers(unit, factor):
    half_hours = slots_of(BERLIN, date(2026, 8, 22), 1, 30)

    series = read({"forecast": rows(half_hours, "time", "value")}, unit)

    assert series.quantity == "power"
    assert value_at(series.rows, half_hours[9].start) == pytest.approx(4 * factor)


@pytest.mark.parametrize("unit", ["°C", "%", "min", "m³", "€/m³", "W/m²", "km/h", "EUR", "mm"])
def test_another_unit_is_no_series(unit):
    assert read({"forecast": rows(SUMMER, "time", "value")}, unit) is None


def test_money_that_is_not_known_may_be_of_prices_only():
    values, prices = ({"forecast": rows(SUMMER, "time", name)} for name in ("value", "price"))

    assert read(values, "g/kWh") is None
    series = read(prices, "Q/kWh")
    assert value_at(series.rows, SUMMER[9].start) == 4
    assert any("no unit is known" in note for note in series.notes)


@pytest.mark.parametrize("unit", ["€/m³", "EUR/m3"])
def test_prices_of_gas_are_no_prices(unit):
    assert read({"prices": rows(SUMMER, "from", "price", "till")}, unit) is None


@pytest.mark.parametrize(
    "value",
    [
        {"forecast": [{"datetime": at(9).isoformat(), "temperature": 20.1, "wind_speed": 3.0}] * 9},
        {"data": [{"start_time": at(9).isoformat(), "buy_volume_mwh": 7.0}]},
        {"data": [{"start_time": at(9).isoformat(), "rank": 7}]},
        {"entity_id": ["light.a", "light.b"], "brightness": 7, "rgb_color": [1, 2, 3]},
        {"today": {"min": 0.1, "max": 0.2}},
        {"detailedForecast": [], "estimate": 3.3},
        {"rates": []},
        {},
        [],
        None,
        "2026-08-22T00:00:00",
        7,
    ],
)
def test_what_is_no_series_is_none(value):
    assert read(value) is None


def test_columns_that_are_no_volume_or_rank_are_prices():
    value = {"data": [{"start_time": slot.start.isoformat(), "rank": 3} for slot in SUMMER]}

    assert read(value, "") is None
    assert read(value, "EUR/MWh") is None


def test_the_name_of_a_column_says_more_than_the_unit_of_the_entity():
    value = {"data": rows(SUMMER, "start_time", "price_ct_per_kwh", "end_time")}

    series = read(value, "EUR/MWh")

    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(0.04)


def test_a_flag_of_cents_counts_beside_a_unit_of_whole_money():
    value = {"raw_today": rows(SUMMER, "start", "value", "end"), "price_in_cents": True}

    series = read(value, "EUR/kWh")

    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(0.04)


def test_without_a_unit_the_notes_say_what_was_assumed():
    series = read({"prices": rows(SUMMER, "start", "price", "end")})

    assert series.unit is None
    assert any("no unit" in note for note in series.notes)


def test_ten_millionths_are_read_as_such():
    value = {"forecast": rows(SUMMER, "datetime", "electricity_price", factor=1e6)}

    series = read(value, "€/kWh")

    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(0.4)
    assert any("ten-millionths" in note for note in series.notes)


@pytest.mark.parametrize("chosen", [None, "SE3", "SE4"])
def test_of_several_areas_the_named_one_is_taken(chosen):
    areas = {name: rows(SUMMER, "start", "price", "end", k) for name, k in (("SE3", 1), ("SE4", 2))}

    series = read(areas, series=chosen)

    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(
        8e-3 if chosen == "SE4" else 4e-3
    )
    assert series.alternatives == ([] if chosen else ["SE3", "SE4"])


@pytest.mark.parametrize("name", ["raw_today", "forecast_dict"])
def test_places_that_only_prices_have_need_no_unit(name):
    by_stamp = {slot.start.isoformat(): slot.value for slot in SUMMER}
    held = by_stamp if name == "forecast_dict" else rows(SUMMER, "start", "value", "end")

    series = read({name: held})

    assert (series.quantity, series.unit) == ("price", None)
    assert value_at(series.rows, SUMMER[9].start) == 4


@pytest.mark.parametrize(("unit", "factor"), [("kWh", 1), ("MWh", 1e-3), ("Wh", 1e3)])
def test_an_attribute_of_the_energy_is_the_unit_of_a_price(unit, factor):
    series = read({"today": [slot.value for slot in SUMMER], "unit": unit})

    assert series.quantity == "price"
    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(4 * factor)


def test_alternatives_are_named_by_what_tells_them_apart():
    hours = {slot.start.isoformat(): slot.value for slot in SUMMER}
    entries = {"east": {"wh_hours": hours}, "west": {"wh_hours": dict.fromkeys(hours, 9)}}

    assert read(entries).alternatives == ["east", "west"]
    assert value_at(read(entries, series="west").rows, NOON) == 9


def test_homes_keep_apart_whatever_their_names():
    homes = {"Hjem": 1, "家": 2, "Дом": 3}
    value = {
        "prices": {name: rows(SUMMER, "start_time", "price", factor=k) for name, k in homes.items()}
    }

    found = {name: read(value, series=name) for name in homes}

    assert read(value).alternatives == ["Hjem", "家", "Дом"]
    assert {
        name: value_at(series.rows, SUMMER[9].start) / 4 for name, series in found.items()
    } == homes
    assert read(value, series="Hütte") is None


def test_a_column_may_be_named():
    value = {"forecast": rows(SUMMER, "start_time", "costsFlexUp", "end_time", earningsFlexUp=7.0)}

    series = read(value, "c/kWh", series="earningsFlexUp")

    assert value_at(series.rows, SUMMER[9].start) == pytest.approx(0.07)


def test_solcast_has_its_bounds():
    slots = slots_of(SYDNEY, date(2026, 1, 22), 1, 30)

    series = read(solcast(slots), "kWh", zone=SYDNEY)

    assert value_at(series.low, slots[20].start) == pytest.approx(7.5)
    assert value_at(series.high, slots[20].start) == pytest.approx(30)


@pytest.mark.parametrize("stamp", [int, str, lambda epoch: epoch * 1000])
def test_counts_of_seconds_and_milliseconds_are_stamps(stamp):
    pairs = [[stamp(int(slot.start.timestamp())), slot.value] for slot in SUMMER]
    turned = [[slot.value, slot.start.isoformat()] for slot in SUMMER]

    for value in ({"prices": pairs}, {"prices": turned}):
        series = read(value, "EUR/kWh")
        assert value_at(series.rows, SUMMER[9].start) == 4


def test_values_may_lie_one_mapping_deeper():
    deep = [
        {
            "timerange": {"start": slot.start.isoformat(), "end": slot.end.isoformat()},
            "price": {"total": slot.value, "tax": 9.0},
        }
        for slot in SUMMER
    ]
    by_stamp = {slot.start.isoformat(): {"price": slot.value} for slot in SUMMER}

    for value in ({"data": {"homes": [{"prices": deep}]}}, {"prices": by_stamp}):
        series = read(value, "EUR/kWh")
        assert value_at(series.rows, SUMMER[9].start) == 4


def test_stamps_may_be_attributes_themselves():
    stamps = {slot.start.isoformat(): slot.value for slot in SUMMER}
    value = {"state_class": "total", **stamps, "friendly_name": "Spot", "icon": "mdi:cash"}

    assert value_at(read(value, "CZK/kWh").rows, SUMMER[9].start) == 4


def test_both_ends_of_a_row_may_be_local_in_the_hour_that_comes_twice():
    slots = slots_of(BERLIN, date(2026, 10, 25), 1, 30)
    naive = [slot._replace(start=slot.start.replace(tzinfo=None)) for slot in slots]
    naive = [slot._replace(end=slot.end.replace(tzinfo=None)) for slot in naive]

    series = read({"prices": rows(naive, "start", "price", "end")}, "EUR/kWh")

    assert [row.value for row in series.rows] == [slot.value for slot in slots]
    assert [row.start for row in series.rows] == [slot.start.astimezone(UTC) for slot in slots]


def test_an_unknown_name_stands_for_the_unit_of_its_entity():
    value = {"hodnoty": [{"cas": slot.start.isoformat(), "castka": slot.value} for slot in SUMMER]}

    assert value_at(read(value, "CZK/kWh").rows, SUMMER[9].start) == 4


def test_prices_of_the_past_come_last():
    past = rows(SUMMER, "start", "price", "end", 9.0)
    value = {"raw_yesterday": past, "raw_today": rows(SUMMER, "start", "price", "end")}

    assert value_at(read(value, "EUR/kWh").rows, SUMMER[9].start) == 4


def test_a_single_row_without_an_end_is_an_hour():
    series = read({"prices": {"Home": rows(SUMMER[:1], "start_time", "price")}})

    assert series.rows == [Row(SUMMER[0].start, SUMMER[0].end, SUMMER[0].value)]


def test_more_rows_than_are_read_are_noted():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    long = [{"start": (start + k * HOUR).isoformat(), "price": 1} for k in range(5001)]

    series = read({"prices": long}, "EUR/kWh")

    assert len(series.rows) == 5000
    assert any("5000" in note for note in series.notes)


def test_merging_joins_days_and_leaves_out_what_is_no_price():
    days = [slots_of(BERLIN, date(2026, 8, 22 + k), 1, 60, value=lambda h, k=k: k) for k in (0, 1)]
    parts = [read({"rates": rows(day, "start", "value_inc_vat", "end")}) for day in days]
    power = read(open_meteo(SUMMER), "kWh")

    joined = merge([parts[1], parts[0], power])

    assert [value_at(joined.rows, at(9) + timedelta(days=k)) for k in (0, 1)] == [0, 1]
    assert len(joined.rows) == 48
    assert any("left out" in note for note in joined.notes)
    assert merge([]) is None


def test_planes_add_up_until_the_first_of_them_ends():
    days = [slots_of(BERLIN, date(2026, 8, 22), count, 60, value=lambda _: 100) for count in (1, 2)]
    east, west = (read({"forecast": rows(day[6:20], "time", "value")}, "W") for day in days)
    longer = read({"forecast": rows(days[1], "time", "value")}, "W")

    both, cut = add_powers([east, west]), add_powers([east, longer])

    assert value_at(both.rows, at(9)) == 200
    assert value_at(cut.rows, at(9)) == 200
    assert value_at(cut.rows, at(3)) == 100
    assert value_at(cut.rows, at(9) + timedelta(days=1)) is None
    assert any("cut" in note for note in cut.notes)
    assert add_powers([]) is None


def test_the_value_of_no_rows_is_none():
    assert value_at([], NOON) is None
    assert value_at([Row(at(9), None, 1.0)], at(10)) == 1.0
