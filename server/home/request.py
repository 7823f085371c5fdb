"""The request of a home: settings and readings in the words of the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from server.home.flexible import heat_of, loads_of
from server.home.readings import CarReading, Inputs, SocReading
from server.plans.planning import Kind
from server.settings.home import BatterySettings, CarSettings, Settings
from server.sources.rows import Rows
from server.wire.requests import (
    AllowanceIn,
    DemandChargeIn,
    EvRequest,
    GridIn,
    MultiBatteryRequest,
    OptimizeRequest,
    ProviderConfigIn,
    RequestOptions,
)
from server.wire.storages import BatteryIn, EvIn, HybridIn, NamedBatteryIn

INTERVAL = 5.0
"""Length of the intervals of a home's plan, on the local clock. [min]"""

_UNKNOWN_SOC = 0.5  # of a car that says nothing of it
_CHARGER_EFFICIENCY = 0.92


def request_from(inputs: Inputs, settings: Settings) -> tuple[Kind, bytes]:
    """Return the request for the plan of a home, and its endpoint.

    In a reply that has keys, batteries are called battery_1 and so on, cars car_1.  Every car is in
    the request: one that is not plugged in can take nothing.

    Parameters
    ----------
    inputs : Inputs
        Readings of now.
    settings : Settings
        As checked.

    Returns
    -------
    kind : Kind
        The endpoint: for cars, for one battery, or for another number of them.
    body : bytes
        JSON of the request.

    Notes
    -----
    The wire has no state of charge at a time (`Settings.charge_now`).  While one is wanted, the
    plan ends at that time and has it as the target of its end: the cheapest way that reaches it
    within all other limits.  What comes later is not planned until then, and energy beyond the
    target counts at the planner's own value; a car that leaves later has by then what it could not
    take any more.  It is at least cost in homes of *self_consumption* too, which would not charge
    from the grid.  Where the time is beyond the horizon, it is not yet due; where it has passed, it
    is over.
    """
    goal = _goal(inputs, settings)
    site = _site(inputs, settings)
    if goal is not None:
        start = inputs.at.replace(microsecond=0)
        site["horizon_hours"] = (goal.until - start) / timedelta(hours=1)
        site["cost_function"] = "cost"
    readings = zip(settings.batteries, inputs.socs, strict=True)
    batteries = [_battery(*pair, i, goal) for i, pair in enumerate(readings, 1)]
    if settings.cars:
        cars = zip(settings.cars, inputs.cars, strict=True)
        site["evs"] = [_car(*pair, i, inputs.at, goal) for i, pair in enumerate(cars, 1)]
        if len(batteries) == 1:
            return Kind.VEHICLES, _json(EvRequest(**site, home_battery=_nameless(batteries[0])))
        return Kind.VEHICLES, _json(EvRequest(**site, batteries=batteries or None))
    if len(batteries) == 1:
        return Kind.BATTERY, _json(OptimizeRequest(**site, battery=_nameless(batteries[0])))
    return Kind.BATTERIES, _json(MultiBatteryRequest(**site, batteries=batteries))


_json = msgspec.json.encode


def _nameless(battery: NamedBatteryIn) -> BatteryIn:
    """Return the only battery, which needs no key."""
    return msgspec.convert(battery, BatteryIn, from_attributes=True)


def end_of_plan(now: datetime, settings: Settings) -> datetime:
    """Return the minute that prices and forecasts of a plan need to reach.

    Rows of seconds are none to the wire, and a plan ends with an interval of the clock before it.
    """
    end = now + timedelta(hours=settings.horizon_hours, minutes=INTERVAL)
    return end.replace(second=0, microsecond=0)


class _Goal(NamedTuple):
    """A state of charge at a time of the plan, and the end that the plan would have without it."""

    soc: float
    until: datetime
    end: datetime


def _goal(inputs: Inputs, settings: Settings) -> _Goal | None:
    if settings.charge_now is None:
        return None
    until = datetime.fromisoformat(settings.charge_now.until).astimezone(UTC)
    end = inputs.at + timedelta(hours=settings.horizon_hours)
    return _Goal(settings.charge_now.soc, until, end) if inputs.at < until <= end else None


def _site(inputs: Inputs, settings: Settings) -> dict[str, Any]:
    """Return the fields that requests of all endpoints have."""
    has_solar = bool(settings.solar.energy or settings.solar.forecasts or settings.use_powersync)
    inverter = settings.inverter
    return {
        "start_time": inputs.at.astimezone(inputs.zone).isoformat(timespec="seconds"),
        "timezone": inputs.timezone,
        "interval_minutes": INTERVAL,
        "horizon_hours": float(settings.horizon_hours),
        "prices_import": _series(inputs.import_prices.all_rows()),
        "prices_export": _series(inputs.export_prices.all_rows()),
        "solar_forecast": _series(inputs.solar_rows) if has_solar or inputs.solar_rows else 0.0,
        "load_forecast": _series(inputs.load_rows),
        "currency": settings.currency or inputs.currency,
        "cost_function": settings.cost_function,
        "provider_config": _provider(settings),
        "grid": GridIn(
            max_import_w=_watts(settings.meter.max_import_kw),
            max_export_w=_watts(settings.meter.max_export_kw),
            curtailment=settings.solar.may_curtail,
        ),
        "hybrid": inverter
        and HybridIn(
            ac_limit_w=_watts(inverter.ac_limit_kw), dc_coupled_solar=inverter.dc_coupled_solar
        ),
        "demand_charges": _demand_charges(inputs, settings) or None,
        "loads": loads_of(inputs, settings) or None,
        "heat": heat_of(inputs, settings) or None,
        "allowances": _allowances(inputs, settings) or None,
        # The option of the server is for another client.
        "options": RequestOptions(client_safe_charge=False),
    }


def _series(rows: Rows) -> list[Any] | None:
    """Return rows of the wire; None where there are none."""
    fields = [
        {
            "start": row.start.astimezone(UTC).isoformat(),
            "value": row.value,
            **({} if row.end is None else {"end": row.end.astimezone(UTC).isoformat()}),
        }
        for row in rows
    ]
    return fields or None


def _watts(kilowatts: float | None) -> float | None:
    return None if kilowatts is None else 1000.0 * kilowatts


def _provider(settings: Settings) -> ProviderConfigIn | None:
    """Return the provider's rules; prices of other sources than PowerSync do not include them."""
    provider = settings.provider
    if provider is None or provider.prices_include_rules is not None or settings.use_powersync:
        return provider
    return msgspec.structs.replace(provider, prices_include_rules=False)


def _demand_charges(inputs: Inputs, settings: Settings) -> list[DemandChargeIn]:
    """Return the demand charges with their peaks so far, where those are known."""
    peaks = [*inputs.peaks_kw, *[None] * len(settings.demand_charges)]
    return [
        charge if peak is None else msgspec.structs.replace(charge, peak_so_far_kw=peak)
        for charge, peak in zip(settings.demand_charges, peaks, strict=False)
    ]


def _allowances(inputs: Inputs, settings: Settings) -> list[AllowanceIn]:
    """Return the allowances with what is used of them, where that is known."""
    used = [*inputs.used_kwh, *[None] * len(settings.allowances)]
    return [
        allowance if kwh is None else msgspec.structs.replace(allowance, used_today_kwh=kwh)
        for allowance, kwh in zip(settings.allowances, used, strict=False)
    ]


def _battery(
    battery: BatterySettings, reading: SocReading, number: int, goal: _Goal | None
) -> NamedBatteryIn:
    return NamedBatteryIn(
        id=f"battery_{number}",
        name=battery.name,
        current_soc=reading.value,
        capacity_wh=_watts(battery.capacity_kwh),
        max_charge_w=_watts(battery.charge_kw),
        max_discharge_w=_watts(battery.discharge_kw),
        efficiency=battery.efficiency,
        backup_reserve=battery.reserve,
        max_soc=battery.max_soc,
        target_end_soc=None if goal is None else min(goal.soc, battery.max_soc),
        cycle_cost=battery.wear,
        can_charge_from_grid=battery.charge_from_grid,
        can_export_to_grid=battery.export,
    )


def _car(
    car: CarSettings, reading: CarReading, number: int, now: datetime, goal: _Goal | None
) -> EvIn:
    """Return a car; plugged in after its departure, it has none that is known."""
    soc = _UNKNOWN_SOC if reading.soc is None else reading.soc
    has_passed = reading.departure is not None and reading.departure <= now
    target, departure = reading.target, None if has_passed else reading.departure
    if goal is not None:
        target, departure = _target_of_goal(car, soc, target, departure or goal.end, goal.until)
    is_plugged = reading.plugged
    return EvIn(
        vehicle_id=f"car_{number}",
        name=car.name,
        battery_capacity_kwh=car.capacity_kwh,
        current_soc=soc,
        target_soc=target if is_plugged else 0.0,
        max_charge_kw=car.charge_kw if is_plugged else 0.0,
        min_charge_kw=car.min_charge_kw if is_plugged else 0.0,
        charger_efficiency=_CHARGER_EFFICIENCY,
        departure_time=departure.isoformat() if is_plugged and departure else None,
    )


def _target_of_goal(
    car: CarSettings, soc: float, target: float, departure: datetime, until: datetime
) -> tuple[float, datetime | None]:
    """Return target and departure of a car in a plan that ends at a time.

    Of a target that is due later, it is due at the end what could not be taken any more.
    """
    if departure <= until:
        return target, departure
    energy = car.charge_kw * _CHARGER_EFFICIENCY * ((departure - until) / timedelta(hours=1))
    rest = target - energy / car.capacity_kwh
    return (rest, None) if rest > soc else (target, departure)
