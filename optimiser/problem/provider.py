"""Price modifications: of electricity providers, and for prices that are guesses.

Pure functions from a tariff to the *planning* tariff, evaluated at each interval's own local
time.  The bill is never made at these prices.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import require_finite, require_kinds, require_not_negative
from optimiser.problem.horizon import Horizon
from optimiser.problem.tariff import Tariff
from optimiser.problem.windows import Mask, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBoost:
    """Make exports more attractive in a window.

    Attributes
    ----------
    window : Window
        When.
    offset : float
        Added to the export price. [$/kWh]
    minimum : float
        The boosted price is at least this. [$/kWh]
    """

    window: Window
    offset: float
    minimum: float = 0.0

    def __post_init__(self) -> None:
        require_kinds(window=(self.window, Window))
        require_finite(offset=self.offset, minimum=self.minimum)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipMode:
    """Keep solar and stored energy at home in a window, unless the price is worth it.

    Attributes
    ----------
    window : Window
        When.
    threshold : float
        Export price from which exports are free again. [$/kWh]
    """

    window: Window
    threshold: float

    def __post_init__(self) -> None:
        require_kinds(window=(self.window, Window))
        require_finite(threshold=self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeProtection:
    """Do not charge from the grid while the import price is a spike.

    Attributes
    ----------
    threshold : float
        Import price from which it is one. [$/kWh]
    """

    threshold: float

    def __post_init__(self) -> None:
        require_finite(threshold=self.threshold)
        if self.threshold <= 0:
            raise ProblemError("threshold", f"must be positive, got {self.threshold!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRules:
    """The modifications in force; absent ones change nothing.

    Attributes
    ----------
    export_boost, chip_mode, spike_protection
        Of the provider.
    price_margin : float
        What a kWh through the meter counts as dearer, bought or sold.  Where later prices are
        guesses, a plan that is sure of them trades for a cent of gain and regrets it. [$/kWh]
    carbon_price : float
        What emissions count for, by the carbon intensity of the tariff. [$/kg]
    """

    export_boost: ExportBoost | None = None
    chip_mode: ChipMode | None = None
    spike_protection: SpikeProtection | None = None
    price_margin: float = 0.0
    carbon_price: float = 0.0

    def __post_init__(self) -> None:
        for name, kind in _RULES.items():
            if getattr(self, name) is not None:
                require_kinds(**{name: (getattr(self, name), kind)})
        require_not_negative(self, "price_margin", "carbon_price")


_RULES = {
    "export_boost": ExportBoost,
    "chip_mode": ChipMode,
    "spike_protection": SpikeProtection,
}


@dataclass(frozen=True, slots=True, eq=False)
class PlanningTariff:
    """Prices to plan against, and where exporting or charging from the grid is barred.

    Attributes
    ----------
    import_price, export_price : float64 array, shape (T,)
        Planning prices. [$/kWh]
    may_export : bool array, shape (T,)
        False where neither solar nor battery should be exported.
    may_charge_from_grid : bool array, shape (T,)
        False where the grid must not charge the battery.
    price_margin : float
        What a kWh through the meter counts as dearer; not among the prices. [$/kWh]
    carbon_cost : float64 array, shape (T,), or float
        What the emission of a kWh counts for; among both prices. [$/kWh]
    """

    import_price: Vector
    export_price: Vector
    may_export: Mask
    may_charge_from_grid: Mask
    price_margin: float = 0.0
    carbon_cost: Vector | float = 0.0


def planning_tariff(rules: ProviderRules, tariff: Tariff, horizon: Horizon) -> PlanningTariff:
    """Build the planning tariff under the provider's rules, each at an interval's local time."""
    boost, chip, spike = rules.export_boost, rules.chip_mode, rules.spike_protection
    always = np.ones(horizon.n_intervals, dtype=np.bool_)
    export_price = tariff.export_price if boost is None else _boost(boost, tariff, horizon)
    intensity = tariff.carbon_intensity
    carbon_cost = 0.0 if intensity is None else rules.carbon_price * intensity
    return PlanningTariff(
        import_price=tariff.import_price + carbon_cost,
        export_price=export_price + carbon_cost,
        may_export=always if chip is None else _may_export(chip, tariff, horizon),
        may_charge_from_grid=always if spike is None else tariff.import_price < spike.threshold,
        price_margin=rules.price_margin,
        carbon_cost=carbon_cost,
    )


def _boost(boost: ExportBoost, tariff: Tariff, horizon: Horizon) -> Vector:
    raised = np.maximum(tariff.export_price + boost.offset, boost.minimum)
    return np.where(boost.window.covers(horizon), raised, tariff.export_price)


def _may_export(chip: ChipMode, tariff: Tariff, horizon: Horizon) -> Mask:
    return ~chip.window.covers(horizon) | (tariff.export_price >= chip.threshold)
