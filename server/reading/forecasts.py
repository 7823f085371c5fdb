"""Prices and forecasts of a request, on the intervals of the plan."""

from dataclasses import replace

import numpy as np

from matrix_builders import Vector
from optimiser import Horizon, ProblemError
from optimiser.problem.tariff import median_of, price_scale_of
from server.reading.series.lists import Series, on_intervals, series_from_wire
from server.reading.series.steps import Kind, SeriesRule, Timeline
from server.wire.price_unit import PriceUnit, price_unit_from_text
from server.wire.repairs import Repairs
from server.wire.requests import LOAD, SOLAR, EvRequest, PowerRule, SiteRequest
from server.wire.storages import HIGHEST_PRICE
from server.wire.wording import quote, require_unicode

_HALF_A_DAY = 12.0  # h; for less, any price may be that of an event, any power that of a night

_LARGEST = 1e12  # per kWh; larger numbers are no prices in any money
IMPORT_PRICES = SeriesRule("prices_import", _LARGEST, Kind.PRICE)
"""The series that the intervals follow."""

_EXPORT_PRICES = SeriesRule("prices_export", _LARGEST, Kind.PRICE)
_SOLAR = SeriesRule("solar_forecast", SOLAR.largest, Kind.POWER)
_LOAD = SeriesRule("load_forecast", LOAD.largest, Kind.POWER)

_CARBON = SeriesRule("carbon_g_per_kwh", 1e4, Kind.PRICE)
_GRAMS = 1000.0
_MOST_KILOGRAMS = 1.5  # of a kWh; lignite emits 1.2

_CENTS = 100.0
_SURELY_OTHER = 10.0  # times the usual import price: no energy is sold at that all day
_PERHAPS_OTHER = 3.0
_USUAL_CENTS = 5.0, 100.0  # tariffs in cents; in whole money few are between
IN_SMALL_NUMBERS = {"", "AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "USD", "$", "€", "£"}
"""Money of which a kWh costs less than one."""

_LEAST_SHARE, _MOST_SHARE = 0.02, 2.0  # of an export price in the import price

# A typical home's draw by hour of the local day, for requests without a load. [W]
_TYPICAL_LOAD = np.array(
    [350, 300, 280, 270, 280, 350, 600, 900, 800, 600, 500, 500,
     550, 500, 500, 550, 700, 1100, 1400, 1300, 1100, 900, 700, 450],
    dtype=np.float64,
)  # fmt: skip


def prices_from_wire(
    request: SiteRequest, imports: Series, timeline: Timeline, repairs: Repairs
) -> tuple[Vector, Vector]:
    """Return the prices of every interval, to buy and to sell. [money/kWh]

    The `imports` are the series of the former as sent.  Exports earn nothing where their price is
    missing.
    """
    if request.price_unit is not None or request.currency is not None:
        repairs.prices = _unit(request, repairs)
    buying = on_intervals(IMPORT_PRICES, imports, timeline, repairs)
    exports = series_from_wire(_EXPORT_PRICES, request.prices_export, timeline.start, repairs)
    if exports is None:
        repairs.note("default", "prices_export", "missing; exports assumed to earn nothing")
        exports = 0.0
    selling = on_intervals(_EXPORT_PRICES, exports, timeline, repairs)
    buying, selling = repairs.prices.factor * buying, repairs.prices.factor * selling
    if max(buying.max(), selling.max(), -buying.min(), -selling.min()) > 1.0:
        largest = HIGHEST_PRICE * max(1.0, price_scale_of(buying, selling))
        buying = _without_faults("prices_import", buying, largest, repairs)
        selling = _without_faults("prices_export", selling, largest, repairs)
        if timeline.hours.sum() >= _HALF_A_DAY and not repairs.prices.is_said:
            buying, selling = _in_one_unit(buying, selling, repairs)
        dearest = max(1.0, float(np.abs([buying, selling]).max()))
        repairs.prices = replace(repairs.prices, dearest=dearest)
    return buying, selling


def carbon_intensity(request: SiteRequest, timeline: Timeline, repairs: Repairs) -> Vector | None:
    """Return the emission of a kWh from the grid in every interval; None where missing. [kg/kWh]"""
    series = series_from_wire(_CARBON, request.carbon_g_per_kwh, timeline.start, repairs)
    if series is None:
        return None
    grams = on_intervals(_CARBON, series, timeline, repairs)
    if grams.min() < 0.0:
        raise ProblemError(_CARBON.field, f"must not be negative, got {float(grams.min()):g}")
    highest = float(grams.max())
    if 0.0 < highest <= _MOST_KILOGRAMS:
        text = f"{highest:g} g/kWh at most is no grid; read as kg"
        repairs.note("unit", _CARBON.field, text)
        return grams
    return grams / _GRAMS


def _unit(request: SiteRequest, repairs: Repairs) -> PriceUnit:
    """Return the unit that a request names."""
    currency, text = request.currency or "", request.price_unit
    require_unicode("currency", currency)
    if text is None:
        return PriceUnit(currency=currency)
    unit = price_unit_from_text(text, currency)
    if unit is None:
        message = f"{quote(text)} is unknown; prices per kWh of whole money assumed"
        repairs.note("unknown_value", "price_unit", message)
    return unit or PriceUnit(currency=currency)


def _without_faults(field: str, prices: Vector, largest: float, repairs: Repairs) -> Vector:
    """Return prices without those that are beyond all others of their money."""
    good = np.abs(prices) <= largest
    if good.all():
        return prices
    if not good.any():
        raise ProblemError(field, f"must hold numbers between ±{largest:g}, got no such number")
    bad, at = np.flatnonzero(~good), np.arange(prices.size)
    text = f"{bad.size} of {prices.size} entries beyond ±{largest:g} (first at index {bad[0]})"
    repairs.note("interpolated", field, f"{text}; interpolated from their neighbours")
    return np.interp(at, at[good], prices[good])


def _in_one_unit(buying: Vector, selling: Vector, repairs: Repairs) -> tuple[Vector, Vector]:
    """Return prices in whole money, where only those of one way are in cents."""
    bought, sold = [median_of(np.abs(prices)) for prices in (buying, selling)]
    whole = max(1.0, price_scale_of(buying))
    if bought and sold > max(_PERHAPS_OTHER * bought, whole):
        if sold > _SURELY_OTHER * bought:
            text = f"usually {sold:g} beside {bought:g} of imports; read as cents"
            repairs.note("unit", "prices_export", text)
            return buying, selling / _CENTS
        text = f"usually {sold:g} beside {bought:g} of imports; planned as it is"
        repairs.note("implausible", "prices_export", text)
    if not _USUAL_CENTS[0] <= bought < _USUAL_CENTS[1]:
        return buying, selling
    if _LEAST_SHARE * bought < _CENTS * sold < _MOST_SHARE * bought and sold < 1.0:
        text = f"usually {bought:g} beside {sold:g} of exports; read as cents"
        repairs.note("unit", "prices_import", text)
        return buying / _CENTS, selling
    if repairs.prices.currency.strip().upper() in IN_SMALL_NUMBERS:
        text = f"usually {bought:g}, planned as it is; if these are cents, price_unit says so"
        repairs.note("implausible", "prices_import", text)
    return buying, selling


def solar_power(request: SiteRequest, timeline: Timeline, repairs: Repairs) -> Vector:
    """Return the solar of every interval; nothing where it is missing. [W]"""
    series = series_from_wire(_SOLAR, request.solar_forecast, timeline.start, repairs)
    if series is None:
        repairs.note("default", "solar_forecast", "missing; no solar assumed")
        return np.zeros(timeline.n_planned)
    solar = on_intervals(_SOLAR, series, timeline, repairs)
    return _mend("solar_forecast", solar, SOLAR, timeline, repairs)


def load_power(
    request: SiteRequest, timeline: Timeline, horizon: Horizon, repairs: Repairs
) -> Vector:
    """Return the load of every interval. [W]

    Where it is missing, a home draws what is typical of its hours, and vehicles are all there is.
    """
    field = "load_forecast"
    series = series_from_wire(_LOAD, request.load_forecast, timeline.start, repairs)
    if series is None and isinstance(request, EvRequest):
        repairs.note("default", field, "missing; no other load assumed")
        return np.zeros(timeline.n_planned)
    if series is None:
        repairs.note("default", field, "missing; the profile of a typical home assumed")
        return _TYPICAL_LOAD[[start.hour for start in horizon.starts]]
    load = on_intervals(_LOAD, series, timeline, repairs)
    return _mend(field, load, LOAD, timeline, repairs)


def _mend(
    field: str, power: Vector, rule: PowerRule, timeline: Timeline, repairs: Repairs
) -> Vector:
    """Return powers in W, none below zero."""
    highest = float(power.max())
    if 0.0 < highest < rule.highest:
        hours = timeline.hours[: timeline.n_planned]
        span = float(hours.sum())
        mean = float(power @ hours) / span
        is_day = span >= _HALF_A_DAY and hours[power > 0].sum() >= rule.least_hours
        if is_day and mean < rule.mean and highest >= rule.lowest:
            repairs.note("unit", field, f"never above {highest:g} W; read as kW")
            power = 1000.0 * power
        elif mean < rule.mean and span >= rule.shortest:
            text = f"never above {highest:g} W; planned as it is, but are kW meant?"
            repairs.note("implausible", field, text)
    count = int(np.count_nonzero(power < 0))
    if not count:
        return power
    repairs.note("clamped", field, f"{count} values under zero; zero assumed")
    return np.maximum(power, 0.0)
