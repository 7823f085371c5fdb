"""A request struct to a site: W to kWh per interval, once."""

from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from msgspec import UNSET, UnsetType

from matrix_builders import Vector
from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Horizon,
    ProblemError,
    ProviderRules,
    Site,
    Tariff,
    Vehicle,
)
from server.options import HIGHEST_MARGIN, Options
from server.reading.battery import Named, batteries_from_wire, battery_from_wire
from server.reading.charges import allowances_from_wire, demand_charges_from_wire, tiers_from_wire
from server.reading.clock import start_from_wire
from server.reading.flexible import flexible_from_wire
from server.reading.forecasts import (
    IMPORT_PRICES,
    carbon_intensity,
    load_power,
    prices_from_wire,
    solar_power,
)
from server.reading.grid import grid_from_wire, inverter_from_wire
from server.reading.horizon import timeline_from_wire
from server.reading.provider_config import rules_from_wire, true_tariff, warn_of_low_threshold
from server.reading.series.lists import Series, series_from_wire
from server.reading.series.steps import Timeline
from server.reading.vehicle import Span, vehicles_from_wire
from server.wire.repairs import PRICE, FieldReader, Repairs, Rule
from server.wire.requests import (
    EvRequest,
    MultiBatteryRequest,
    OptimizeRequest,
    ProviderConfigIn,
    SiteRequest,
)
from server.wire.wording import quote

_COST_FUNCTIONS = {str(known): known for known in CostFunction}


@dataclass(frozen=True, slots=True)
class Problem:
    """A site and what to minimise, as a request asks for it.

    Attributes
    ----------
    site : Site
        The site.
    cost_function : CostFunction
        What to minimise.
    rules : ProviderRules
        Price modifications.
    client_safe_charge : bool
        Whether charging from solar alone is kept out of ``charge_w``.
    keys : tuple of str
        Keys of the storages in replies: batteries, then vehicles; empty for a single battery.
    names : tuple of str or None
        What people call them.
    paths : tuple of str
        Where each storage is in the request: batteries, then vehicles.
    currency : str or UNSET
        Name of the money, where the request has one.
    flexible_paths : tuple of str
        Where each flexible consumption of the site is in the request.
    flexible_names : tuple of str or None
        What people call them.
    """

    site: Site
    cost_function: CostFunction
    rules: ProviderRules
    client_safe_charge: bool
    keys: tuple[str, ...] = ()
    names: tuple[str | None, ...] = ()
    paths: tuple[str, ...] = ()
    currency: str | UnsetType = UNSET
    flexible_paths: tuple[str, ...] = ()
    flexible_names: tuple[str | None, ...] = ()


def problem_from_request(
    request: SiteRequest, options: Options, now: datetime, repairs: Repairs
) -> Problem:
    """Read a request of any endpoint; its warnings stand in the order of these steps.

    Parameters
    ----------
    request : OptimizeRequest, MultiBatteryRequest or EvRequest
        As decoded.
    options : Options
        Defaults for what it leaves out.
    now : datetime
        Time-zone aware.
    repairs : Repairs
        Takes note of everything mended.

    Returns
    -------
    Problem
        Complete and valid.

    Raises
    ------
    ProblemError
        Where something has no sane reading.
    """
    start = start_from_wire(request.start_time, request.timezone, options.zone, now, repairs)
    if not isinstance(request.interval_minutes, list):
        start = start.replace(microsecond=0)  # what is left of an interval is a second or more
    prices = series_from_wire(IMPORT_PRICES, request.prices_import, start, repairs)
    if prices is None:
        raise ProblemError("prices_import", "must hold one price per interval, got none")
    timeline = timeline_from_wire(request, prices, start, options, repairs)
    horizon = Horizon(start=start, hours=timeline.hours[: timeline.n_planned])
    tariff, provider = _tariff(request, prices, timeline, repairs), request.provider_config
    forecast = Forecast(
        load=load_power(request, timeline, horizon, repairs) * horizon.hours / 1000.0,
        solar=solar_power(request, timeline, repairs) * horizon.hours / 1000.0,
    )
    grid = grid_from_wire(request.grid, timeline, repairs)
    cost_function = _cost_function(request.cost_function, options, repairs)
    rules = ProviderRules() if provider is None else rules_from_wire(provider, repairs)
    if isinstance(provider, ProviderConfigIn) and (rules.export_boost or rules.chip_mode):
        tariff = true_tariff(provider, rules, tariff, horizon, repairs)
    rules = _with_choices(rules, request, tariff, options, repairs)
    span = Span(horizon, timeline, tariff.import_price, tariff.export_price)
    batteries, vehicles = _storages(request, span, repairs)
    flexible = (
        flexible_from_wire(request, horizon, timeline, repairs)
        if request.loads or request.heat
        else []
    )
    if rules.spike_protection and batteries:
        warn_of_low_threshold(rules.spike_protection, tariff.import_price, repairs)
    site = Site(
        horizon=horizon,
        tariff=tariff,
        forecast=forecast,
        grid=grid,
        batteries=tuple(map(attrgetter("storage"), batteries)),
        vehicles=tuple(map(attrgetter("storage"), vehicles)),
        flexible=[one.consumption for one in flexible],
        inverter=inverter_from_wire(request, batteries, repairs),
    )
    storages: list[Named[Battery] | Named[Vehicle]] = [*batteries, *vehicles]
    keyed = [*filter(attrgetter("key"), storages)]
    return Problem(
        site,
        cost_function,
        rules,
        _is_client_safe(request, options),
        keys=tuple(map(attrgetter("key"), keyed)),
        names=tuple(map(attrgetter("name"), keyed)),
        paths=tuple(map(attrgetter("path"), storages)),
        currency=UNSET if request.currency is None else request.currency,
        flexible_paths=tuple([one.path for one in flexible]),
        flexible_names=tuple([one.name for one in flexible]),
    )


def _tariff(request: SiteRequest, prices: Series, timeline: Timeline, repairs: Repairs) -> Tariff:
    """Read prices and charges."""
    charges, allowances, tiers = request.demand_charges, request.allowances, request.import_tiers
    has_carbon = request.carbon_g_per_kwh is not None
    buying, selling = prices_from_wire(request, prices, timeline, repairs)
    return Tariff(
        import_price=buying,
        export_price=selling,
        demand_charges=demand_charges_from_wire(charges, repairs) if charges else (),
        allowances=allowances_from_wire(allowances, repairs) if allowances else (),
        tiers=tiers_from_wire(tiers, repairs) if tiers else (),
        carbon_intensity=carbon_intensity(request, timeline, repairs) if has_carbon else None,
    )


def _is_client_safe(request: SiteRequest, options: Options) -> bool:
    """Return whether charging from solar alone is kept out of ``charge_w``."""
    asked = request.options.client_safe_charge if request.options else None
    return options.client_safe_charge if asked is None else asked


def _storages(
    request: SiteRequest, span: Span, repairs: Repairs
) -> tuple[list[Named[Battery]], list[Named[Vehicle]]]:
    """Read what stores energy: batteries, and vehicles."""
    if isinstance(request, EvRequest):
        vehicles = vehicles_from_wire(request, span, repairs)
        return _home_batteries(request, span.timeline, span.export_price, repairs), vehicles
    if isinstance(request, MultiBatteryRequest):
        batteries = batteries_from_wire(
            request.batteries, span.timeline, span.export_price, repairs
        )
        return batteries, []
    assert isinstance(request, OptimizeRequest)
    wire = request.battery
    battery = battery_from_wire(wire, span.timeline, span.export_price, repairs)
    return [Named(battery, "battery", hybrid=wire.hybrid if wire else None)], []


def _home_batteries(
    request: EvRequest, timeline: Timeline, selling: Vector, repairs: Repairs
) -> list[Named[Battery]]:
    path, wire = "home_battery", request.home_battery
    if request.batteries is not None:
        if wire is not None:
            message = "both home_battery and batteries are given; home_battery is ignored"
            repairs.note("unknown_value", path, message)
        return batteries_from_wire(request.batteries, timeline, selling, repairs)
    if wire is None:
        return []
    battery = battery_from_wire(wire, timeline, selling, repairs, path)
    return [Named(battery, path, path, None, wire.hybrid)]


def _with_choices(
    rules: ProviderRules, request: SiteRequest, tariff: Tariff, options: Options, repairs: Repairs
) -> ProviderRules:
    """Return rules with what a kWh through the meter, and its emission, count for."""
    choices, margin = request.options, options.price_margin
    if choices is None:
        return replace(rules, price_margin=margin) if margin else rules
    reader = FieldReader(choices, "options", repairs)
    rule = Rule(margin, high=HIGHEST_MARGIN, is_signed=True, unit=PRICE)
    carbon_price = 0.0
    if tariff.carbon_intensity is not None:
        carbon_price = reader.number("carbon_price")
    elif choices.carbon_price is not None:
        text = "carbon_g_per_kwh is missing; emissions do not count"
        repairs.note("default", "options.carbon_price", text)
    margin = reader.number("price_margin", rule)
    return replace(rules, price_margin=margin, carbon_price=carbon_price)


def _cost_function(wire: str | None, options: Options, repairs: Repairs) -> CostFunction:
    default = options.default_cost_function
    if wire is None:
        return default
    known = _COST_FUNCTIONS.get(wire.strip().lower())
    if known is None:
        message = f"{quote(wire)} is unknown; {default} assumed"
        repairs.note("unknown_value", "cost_function", message)
    return known or default
