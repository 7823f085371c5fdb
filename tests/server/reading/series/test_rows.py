"""Series in time, as JSON, beside a sum over minutes."""

import json
import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimiser import ProblemError
from server.options import Options
from server.reading.site import problem_from_request
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import OptimizeRequest

ZONES = [ZoneInfo(name) for name in ("Australia/Sydney", "Europe/London", "Asia/Kathmandu")]
# The changes of clocks of 2026 are among the days.
DAYS = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((1, 14), (4, 4), (10, 3), (10, 25))
]
LATEST = 26 * 60


def understood(request, zone, now):
    """The series of a request, as the site has them, and the warnings."""
    repairs = Repairs()
    wire = decode(json.dumps(request).encode(), OptimizeRequest, repairs)
    site = problem_from_request(wire, Options(zone=zone), now, repairs).site
    hours = site.horizon.hours
    series = {
        "prices_import": site.tariff.import_price,
        "prices_export": site.tariff.export_price,
        "solar_forecast": site.forecast.solar * 1000 / hours,
        "load_forecast": site.forecast.load * 1000 / hours,
    }
    return site.horizon, series, [(w.code, w.field) for w in repairs.warnings]


@st.composite
def rows(draw, covers=0):
    """Minutes after now at which values begin, and the values; they cover the time until then."""
    first = draw(st.integers(-90, 0))
    steps = draw(st.lists(st.sampled_from([5, 7, 15, 30, 60, 90]), min_size=2, max_size=12))
    starts = [first]
    for step in steps:
        starts.append(starts[-1] + step)
    starts[-1] = max(starts[-1], covers)
    values = draw(st.lists(st.integers(100, 900), min_size=len(steps), max_size=len(steps)))
    return starts, values


def stamped(starts, values, now, zone, form):
    """The series as JSON."""
    stamps = [(now + timedelta(minutes=m)).astimezone(zone).isoformat() for m in starts]
    pairs = list(zip(stamps, stamps[1:], values, strict=False))
    if form == "ends":
        return [{"start": start, "end": end, "value": value} for start, end, value in pairs]
    closed = [{"start": start, "value": value} for start, _, value in pairs]
    return [{**closed[-1], "end": stamps[-1]}, *closed[:-1]]  # the end of the last must be said


def mean(starts, values, since, until):
    """The value at every minute, summed."""
    minutes = [
        value
        for begin, end, value in zip(starts, starts[1:], values, strict=False)
        for m in range(begin, end)
        if since <= m < until
    ]
    return math.fsum(minutes) / len(minutes)


@given(
    prices=rows(),
    load=rows(covers=LATEST),
    day=st.sampled_from(DAYS),
    minute=st.integers(0, 1439),
    zone=st.sampled_from(ZONES),
    length=st.sampled_from([None, 10, 15, 30, 60, 45, 120]),
    form=st.sampled_from(["ends", "backwards"]),
)
def test_intervals_take_means_weighted_by_time(prices, load, day, minute, zone, length, form):
    now = day + timedelta(minutes=minute)
    starts, cents = prices
    if starts[-1] <= 1:
        return
    request = {
        "prices_import": stamped(starts, [c / 1000 for c in cents], now, zone, form),
        "prices_export": 0.0,
        "load_forecast": stamped(*load, now, zone, form),
        **({} if length is None else {"interval_minutes": length}),
    }

    horizon, series, _ = understood(request, zone, now)

    edges = [
        round((stamp.astimezone(UTC) - now) / timedelta(minutes=1)) for stamp in horizon.instants
    ]
    assert edges[0] == 0
    assert edges[-1] == starts[-1]
    if length is None:
        assert edges[1:] == [m for m in starts if m > 0]
    for t, (since, until) in enumerate(pairwise(edges)):
        assert series["prices_import"][t] == pytest.approx(mean(*prices, since, until) / 1000)
        assert series["load_forecast"][t] == pytest.approx(mean(*load, since, until))


stamps = st.integers(-48, 96).map(lambda h: (DAYS[1] + timedelta(hours=h)).isoformat())
naive = st.integers(0, 47).map(lambda h: (datetime(2026, 4, 4) + timedelta(hours=h)).isoformat())
odd = st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.just([]) | st.just({})
when, number = stamps | naive | odd, st.floats(-1, 1) | odd
row = st.dictionaries(
    st.sampled_from(["start", "from", "end", "value", "price", "x"]), when | number
)
typed = (
    st.fixed_dictionaries(
        {
            "interval_minutes": st.sampled_from([5, 60, "30"]) | odd,
            "values": st.lists(number) | odd,
        },
        optional={"start": when, "x": odd},
    )
    | st.lists(st.fixed_dictionaries({"start": stamps | naive, "value": number}), min_size=1)
    | st.lists(row, max_size=4)
    | st.dictionaries(stamps | naive | st.text(max_size=4), number, max_size=5)
)


@given(
    request=st.fixed_dictionaries(
        {"prices_import": typed | st.just([0.1] * 24)},
        optional={
            "load_forecast": typed,
            "prices_export": typed,
            "interval_minutes": st.sampled_from([30, 60, [60] * 24]),
            "grid": st.fixed_dictionaries({"max_import_w": typed}),
        },
    )
)
@example(request={"prices_import": [{"start": "2026-04-05T02:30:00", "value": 0.1}] * 2})
def test_any_series_is_read_or_refused_by_name(request):
    horizon, series, error = understood_or_refused(request)

    assert error is None or ": must " in error
    for values in series.values():
        assert (horizon.hours > 0).all()
        assert values.shape == horizon.hours.shape
        assert all(map(math.isfinite, values))


def understood_or_refused(request):
    try:
        return *understood(request, ZONES[0], DAYS[1])[:2], None
    except ProblemError as error:
        return None, {}, str(error)


@given(
    values=st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    missing=st.integers(0, 3),
    extra=st.integers(0, 3),
)
def test_every_reading_but_the_plain_one_has_its_warning(values, missing, extra):
    """A list that is not one number for each interval is never read in silence."""
    n = len(values) + missing
    sent = {
        "prices_import": [0.1] * n,
        "prices_export": values + [None] * extra,
        "load_forecast": 1e3,
    }

    _, series, warnings = understood({**sent, "interval_minutes": 60}, UTC, DAYS[0])

    is_plain = series["prices_export"].tolist() == sent["prices_export"]
    assert is_plain or [field for _, field in warnings if field == "prices_export"]
    assert is_plain == (missing == extra == 0)
