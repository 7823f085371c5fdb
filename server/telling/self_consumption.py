"""Plain self-consumption: a battery that nobody commands follows the house."""

from collections.abc import Sequence
from typing import NamedTuple

from server.settings.home import BatterySettings, InverterSettings, Settings


class Storage(NamedTuple):
    """A battery as its inverter drives it.

    Attributes
    ----------
    capacity_wh : float
        Usable. [Wh]
    charge_w, discharge_w : float
        Limits. [W]
    efficiency : float
        One way. [-]
    empty, full : float
        States of charge at which it stops by itself. [-]
    """

    capacity_wh: float
    charge_w: float
    discharge_w: float
    efficiency: float
    empty: float = 0.0
    full: float = 1.0

    def power(self, surplus: float, soc: float, hours: float) -> float:
        """Return the mean power into it beside a surplus; negative is out. [W]"""
        if surplus >= 0.0:
            room = max(0.0, self.full - soc) * self.capacity_wh / self.efficiency
            return min(surplus, self.charge_w, room / hours)
        stock = max(0.0, soc - self.empty) * self.capacity_wh * self.efficiency
        return -min(-surplus, self.discharge_w, stock / hours)

    def gain(self, power: float) -> float:
        """Return the state of charge gained in an hour by a power. [1/h]"""
        if not self.capacity_wh:
            return 0.0
        inside = power * self.efficiency if power > 0.0 else power / self.efficiency
        return inside / self.capacity_wh


def storages_from(settings: Settings) -> list[Storage]:
    """Return the batteries of a home between empty and full.

    The reserve of the settings is that of the plan: nobody knows whether the inverter keeps it.
    """
    return [_storage(battery) for battery in settings.batteries]


def storages_with_reserve(settings: Settings, socs: Sequence[float]) -> list[Storage]:
    """Return the batteries of a home that keep their reserve, or what is left of it."""
    return [
        _storage(battery)._replace(empty=min(battery.reserve, soc), full=max(battery.max_soc, soc))
        for battery, soc in zip(settings.batteries, socs, strict=True)
    ]


def house_powers(
    storages: Sequence[Storage], socs: Sequence[float], surplus: float, hours: float
) -> list[float]:
    """Return the power into each battery of a home that follows its house. [W]

    They share it by what each could do alone, as batteries side by side do roughly.
    """
    alone = [
        storage.power(surplus, soc, hours) for storage, soc in zip(storages, socs, strict=True)
    ]
    total = sum(alone)
    share = min(1.0, surplus / total) if total else 0.0
    return [share * power for power in alone]


def through_inverter(power: float, solar: float, inverter: InverterSettings | None) -> float:
    """Return what a hybrid inverter lets through of a power into the batteries. [W]"""
    if inverter is None:
        return power
    limit = 1000.0 * inverter.ac_limit_kw
    own = solar if inverter.dc_coupled_solar else 0.0
    return min(max(power, -max(limit - own, 0.0)), limit + own)


def _storage(battery: BatterySettings) -> Storage:
    return Storage(
        1000.0 * battery.capacity_kwh,
        1000.0 * battery.charge_kw,
        1000.0 * battery.discharge_kw,
        battery.efficiency,
    )
