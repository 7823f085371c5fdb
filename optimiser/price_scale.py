"""One scale of prices for every currency.

Budgets, penalties and tolerances are amounts of dollars.  Where the usual price lies in another
decade (30 JPY, 1,500 IDR, 70 EUR/MWh), a site is planned in units of ten, a hundred, ... of its
money, and the plan is stated in its own money again.  Powers of ten only: ordinary prices of
dollars stay as they are to the last bit, so a budget of a cent is one.
"""

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from optimiser.model.pieces import Pieces
from optimiser.problem.battery import Battery
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.grid import Grid
from optimiser.problem.provider import ChipMode, ExportBoost, ProviderRules, SpikeProtection
from optimiser.problem.site import Site
from optimiser.problem.tariff import Allowance, DemandCharge, ImportTier, Tariff
from optimiser.problem.vehicle import Vehicle
from optimiser.result.bill import Bill, Money, Peak
from optimiser.result.plan import Certificate, Plan
from optimiser.result.schedule import Schedule

Priced = TypeVar("Priced")

_MONEY: dict[type, tuple[str, ...]] = {
    Site: (),
    Pieces: (),
    Grid: ("excess_import_price",),
    Tariff: ("import_price", "export_price"),
    DemandCharge: ("price",),
    Allowance: ("price",),
    ImportTier: ("extra_price",),
    Battery: ("cycle_cost", "end_value"),
    Vehicle: ("cycle_cost", "end_value"),
    HeatStore: ("end_value",),
    Schedule: ("cost", "lower_bound"),
    ProviderRules: ("price_margin", "carbon_price"),
    ExportBoost: ("offset", "minimum"),
    ChipMode: ("threshold",),
    SpikeProtection: ("threshold",),
    Plan: ("marginal_value",),
    Certificate: ("optimum", "lower_bound", "preference_cost", "dual_residual"),
    Money: (
        "baseline_cost",
        "wear_cost",
        "end_value",
        "self_consumption_cost",
        "self_consumption_wear_cost",
        "self_consumption_end_value",
    ),
    Bill: ("import_cost", "export_revenue", "excess_cost", "allowance_credit"),
    Peak: ("cost",),
}
"""Fields that hold money or prices; those of types that are not here hold none."""


_DIGITS = 14
"""Digits of prices in units of their scale: 310 / 1000 is 0.31 again, and equals stay equal."""


def to_scale(owner: Priced, scale: float) -> Priced:
    """Return the same in units of a price scale."""
    return _multiply(owner, 1.0 / scale, _DIGITS)


def from_scale(owner: Priced, scale: float) -> Priced:
    """Return the same in money, from units of a price scale."""
    return _multiply(owner, scale, None)


def _multiply(owner: Priced, factor: float, digits: int | None) -> Priced:
    if type(owner) not in _MONEY:
        return owner
    changes: dict[str, Any] = {}
    for field in fields(owner):  # type: ignore[arg-type]  # every type of the table is a dataclass
        value: Any = getattr(owner, field.name)
        if field.name in _MONEY[type(owner)]:
            changes[field.name] = None if value is None else _round(value * factor, digits)
        elif isinstance(value, tuple):
            changes[field.name] = tuple([_multiply(entry, factor, digits) for entry in value])
        else:
            changes[field.name] = _multiply(value, factor, digits)
    return replace(owner, **changes)  # type: ignore[type-var]


def _round(money: Any, digits: int | None) -> Any:  # noqa: ANN401 - a number or an array of them
    if digits is None:
        return money
    return np.round(money, digits) if isinstance(money, np.ndarray) else round(money, digits)
