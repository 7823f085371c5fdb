"""Settings of a home, as `settings.json` and the page hold them.

Units as on the wire unless a name says more: money/kWh, kW and kWh by name, shares in [0, 1].
"Statistic" is the id of a series of the recorder, "entity" that of a state.
"""

from typing import Literal, TypeAlias

import msgspec

from server.settings.tariff import Tariff
from server.wire.requests import AllowanceIn, DemandChargeIn, ProviderConfigIn

VERSION = 1
"""Of the file's format."""


class EntityPrices(msgspec.Struct, tag_field="from", tag="entities", kw_only=True):
    """Prices in attributes of entities, in order of time (today's, tomorrow's)."""

    entities: list[str]


class ActionPrices(msgspec.Struct, tag_field="from", tag="action", kw_only=True):
    """Prices that an action answers, as `nordpool.get_prices_for_date`."""

    action: str
    data: dict[str, str] = {}
    series: str | None = None  # its key in the answer, where it holds several


class TariffPrices(msgspec.Struct, tag_field="from", tag="tariff", kw_only=True):
    """Prices that the owner typed as a table."""

    tariff: Tariff


class FixedPrice(msgspec.Struct, tag_field="from", tag="fixed", kw_only=True):
    """One price at all times."""

    price: float


class EntityPrice(msgspec.Struct, tag_field="from", tag="state", kw_only=True):
    """The price that an entity has now, for tariffs whose future nobody publishes."""

    entity: str


class PowerSyncPrices(msgspec.Struct, tag_field="from", tag="powersync", kw_only=True):
    """Prices of PowerSync's view."""


Prices: TypeAlias = (
    EntityPrices | ActionPrices | TariffPrices | FixedPrice | EntityPrice | PowerSyncPrices
)


class PriceSettings(msgspec.Struct, kw_only=True):
    """Prices of one direction: (market x (1 + surcharge) + fee) x (1 + tax)."""

    source: Prices
    surcharge: float = 0.0
    fee: float = 0.0
    tax: float = 0.0


class DashboardForecast(msgspec.Struct, tag_field="from", tag="dashboard", kw_only=True):
    """The solar forecast of the Energy dashboard: all of its entries, or those named."""

    entries: list[str] = []


class EntityForecast(msgspec.Struct, tag_field="from", tag="entities", kw_only=True):
    """A solar forecast in attributes of entities, one day or more in each."""

    entities: list[str]


class PowerSyncForecast(msgspec.Struct, tag_field="from", tag="powersync", kw_only=True):
    """The solar forecast of PowerSync's view."""


Forecast: TypeAlias = DashboardForecast | EntityForecast | PowerSyncForecast


class MeterSettings(msgspec.Struct, kw_only=True):
    """The connection: statistics of its energy, and its limits."""

    energy_in: list[str] = []
    energy_out: list[str] = []
    max_import_kw: float | None = None
    max_export_kw: float | None = None


class SolarSettings(msgspec.Struct, kw_only=True):
    """Solar: statistics of its energy, and its forecasts, which add up."""

    energy: list[str] = []
    forecasts: list[Forecast] = []
    may_curtail: bool = False


class BatterySettings(msgspec.Struct, kw_only=True):
    """One home battery."""

    name: str = "Battery"
    soc: str  # entity, in per cent
    capacity_kwh: float
    charge_kw: float
    discharge_kw: float
    efficiency: float = 0.95  # one way
    reserve: float = 0.1
    max_soc: float = 1.0
    wear: float = 0.0  # money/kWh, each way
    energy_in: list[str] = []
    energy_out: list[str] = []
    charge_from_grid: bool = True
    export: bool = True


class InverterSettings(msgspec.Struct, kw_only=True):
    """A hybrid inverter: its limit towards the house."""

    ac_limit_kw: float
    dc_coupled_solar: bool = True


class CarSettings(msgspec.Struct, kw_only=True):
    """One car at its charger."""

    name: str = "Car"
    capacity_kwh: float
    charge_kw: float
    min_charge_kw: float | None = None  # an ordinary charger's where absent: 6 A of one phase
    soc: str | None = None  # entity, in per cent
    plugged: str | None = None  # entity; always plugged in where absent
    target: str | float = 0.8  # entity in per cent, or share
    departure: str | None = None  # entity of a time, or HH:MM; none where absent
    energy: str | None = None  # statistic of what it takes


class LoadSettings(msgspec.Struct, kw_only=True):
    """One load that is to run once on each of its days, without a break: a dishwasher."""

    name: str = "Load"
    power_kw: float
    energy_kwh: float  # of a run
    earliest: str | None = None  # HH:MM; midnight where absent
    latest: str | None = None  # end of the run; of the next day where not after `earliest`
    weekdays: list[int] | None = None  # on which its window begins, 0 is Monday; all where absent
    after: str | None = None  # name of a load that must have finished on the same day
    enabled: str | None = None  # entity that is on while it is to run; always where absent
    energy: str | None = None  # statistic of what it takes


class HeatSettings(msgspec.Struct, kw_only=True):
    """One store of heat: hot water."""

    name: str = "Hot water"
    capacity_kwh: float  # heat from empty to full
    level: str  # entity: per cent, or a temperature
    at_empty: float = 0.0  # what it says of an empty store
    at_full: float = 100.0  # and of a full one
    power_kw: float  # electric
    efficiency: float = 1.0  # heat per electric energy; the COP of a heat pump
    least: float = 0.2
    most: float = 1.0
    loss_kw: float = 0.05
    draw_kw: float = 0.2  # mean
    energy: str | None = None  # statistic of what it takes


class ActingSettings(msgspec.Struct, kw_only=True):
    """The action that commands the battery; None where nothing is called."""

    action: str | None = None  # as script.battery
    preset: Literal["script", "powersync"] = "script"


class ChargeNow(msgspec.Struct, kw_only=True):
    """Charging every battery to a state of charge by a time, at least cost until then."""

    soc: float
    until: str  # ISO 8601


Mode: TypeAlias = Literal["automatic", "watch", "paused"]


class Settings(msgspec.Struct, kw_only=True):
    """Everything that a home's plans need beside its readings.

    `mode`: *automatic* plans, tells and, where `acting` names an action, acts; *watch* notes what
    it would have done; *paused* commands nothing but a return to normal.
    """

    version: int = VERSION
    currency: str | None = None
    import_price: PriceSettings
    export_price: PriceSettings | None = None  # nothing is paid where absent
    meter: MeterSettings = msgspec.field(default_factory=MeterSettings)
    home_energy: list[str] = []  # statistics of the house's own meter, where it has one
    solar: SolarSettings = msgspec.field(default_factory=SolarSettings)
    batteries: list[BatterySettings] = []
    inverter: InverterSettings | None = None
    cars: list[CarSettings] = []
    loads: list[LoadSettings] = []
    heat: list[HeatSettings] = []
    demand_charges: list[DemandChargeIn] = []
    allowances: list[AllowanceIn] = []
    provider: ProviderConfigIn | None = None
    cost_function: Literal["cost", "profit", "self_consumption"] = "cost"
    horizon_hours: int = 48
    acting: ActingSettings = msgspec.field(default_factory=ActingSettings)
    mode: Mode = "automatic"
    charge_now: ChargeNow | None = None
    may_publish: bool = True
    use_powersync: bool = False  # everything from its view

    @property
    def meters_of_planned(self) -> list[str]:
        """Statistics of what the plan itself decides: cars, flexible loads and heat."""
        planned: list[CarSettings | LoadSettings | HeatSettings] = [
            *self.cars,
            *self.loads,
            *self.heat,
        ]
        return [one.energy for one in planned if one.energy]
