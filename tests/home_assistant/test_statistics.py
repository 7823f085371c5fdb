from datetime import UTC, datetime, timedelta

import pytest

from server.home_assistant import statistics
from server.home_assistant.link import Unreadable
from server.home_assistant.statistics import Change, changes, maxima, means

START = datetime(2026, 11, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_energy_by_the_hour(home_assistant, link):
    home_assistant.add_statistics("sensor.grid", START, [0.5, 0.0, 1.25, 9.0])

    read = await changes(link, ["sensor.grid", "sensor.none"], START, START + 3 * HOUR, "hour")

    assert read == {
        "sensor.grid": [
            Change(START + n * HOUR, START + (n + 1) * HOUR, value)
            for n, value in enumerate([0.5, 0.0, 1.25])
        ]
    }
    asked = home_assistant.asked[-1]
    assert asked["units"] == {"energy": "kWh", "power": "W"}


async def test_means_and_maxima_of_five_minutes(home_assistant, link):
    for kind, values in (("mean", [100, 200]), ("max", [150, 900])):
        home_assistant.add_statistics("sensor.p", START, values, period="5minute", kind=kind)
    span = (START, START + HOUR, "5minute")

    assert [row.value for row in (await means(link, ["sensor.p"], *span))["sensor.p"]] == [100, 200]
    assert [row.value for row in (await maxima(link, ["sensor.p"], *span))["sensor.p"]] == [
        150,
        900,
    ]


async def test_falling_and_missing_rows_are_left_out_and_said(home_assistant, link, caplog):
    home_assistant.add_statistics("sensor.grid", START, [0.5, -1000.0, None, 0.25])

    read = await changes(link, ["sensor.grid"], START, START + 4 * HOUR, "hour")

    assert [(row.start, row.value) for row in read["sensor.grid"]] == [
        (START, 0.5),
        (START + 3 * HOUR, 0.25),
    ]
    assert "sensor.grid: 1 of 4 rows" in caplog.text


async def test_a_negative_mean_is_a_power(home_assistant, link):
    home_assistant.add_statistics("sensor.battery", START, [-3000.0], kind="mean")

    read = await means(link, ["sensor.battery"], START, START + HOUR, "hour")

    assert read["sensor.battery"][0].value == -3000.0


async def test_the_first_row_ever_is_not_the_whole_meter(home_assistant, link):
    row = {"start": 1e12, "end": 1e12 + 3.6e6, "change": 12345.0, "sum": 12345.0}
    after = {"start": 1e12 + 3.6e6, "end": 1e12 + 7.2e6, "change": 0.5, "sum": 12345.5}
    home_assistant.commands["recorder/statistics_during_period"] = {"sensor.grid": [row, after]}

    read = await changes(link, ["sensor.grid"], START, START + HOUR, "hour")

    assert [row.value for row in read["sensor.grid"]] == [0.5]


async def test_a_long_span_is_asked_in_parts(home_assistant, link, monkeypatch):
    monkeypatch.setattr(statistics, "_MOST_ROWS", 20)
    values = [float(n) for n in range(48)]
    home_assistant.add_statistics("sensor.a", START, values)
    home_assistant.add_statistics("sensor.b", START, values)

    read = await changes(link, ["sensor.a", "sensor.b"], START, START + 48 * HOUR, "hour")

    assert [row.value for row in read["sensor.a"]] == values
    assert [row.value for row in read["sensor.b"]] == values
    assert sum(asked["type"].startswith("recorder") for asked in home_assistant.asked) == 5


async def test_more_rows_than_anybody_should_hold_are_refused(link):
    with pytest.raises(ValueError, match="at most 200000 rows"):
        await changes(link, ["sensor.a"], START, START + timedelta(days=800), "5minute")


async def test_nothing_asked_is_nothing_read(home_assistant, link):
    assert await changes(link, [], START, START + HOUR, "hour") == {}
    assert await changes(link, ["sensor.a"], START, START, "hour") == {}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"sensor.a": 7},
        {"sensor.a": [{"start": "x", "end": 1}]},
        {"sensor.a": [{"start": 1e300, "end": 1e300, "change": 1.0}]},
        {"sensor.a": [None]},
    ],
)
async def test_an_answer_of_another_kind_is_unreadable(home_assistant, link, answer):
    home_assistant.commands["recorder/statistics_during_period"] = answer

    with pytest.raises(Unreadable):
        await changes(link, ["sensor.a"], START, START + HOUR, "hour")
