"""Numbers and times as a sentence holds them."""

from datetime import datetime, timedelta


def kilowatts(power: float) -> str:
    """A power. [kW]"""
    return f"{power:.2f} kW" if power < 1 else f"{power:.1f} kW"


def money(price: float, other: float | None = None) -> str:
    """A price, with a third digit where two would make it look like the other. [$/kWh]"""
    alike = other is not None and price != other and f"{price:.2f}" == f"{other:.2f}"
    return f"{price:.3f}" if alike else f"{price:.2f}".replace("-0.00", "0.00")


def costs(price: float, other: float | None = None) -> str:
    """Say what a kWh costs whoever takes it, or pays where its price is negative. [$/kWh]"""
    return f"costs {money(price, other)}" if price >= 0 else f"pays {money(-price)}"


def earns(price: float, other: float | None = None) -> str:
    """Say what a kWh earns whoever sells it, who may have to pay. [$/kWh]"""
    return f"earns {money(price, other)}" if price >= 0 else f"costs {money(-price)}"


def clock(when: datetime, now: datetime) -> str:
    """A time as people near `now` say it."""
    days = (when.date() - now.date()) // timedelta(days=1)
    if days == 0:
        return f"{when:%H:%M}"
    return f"{when:%H:%M} tomorrow" if days == 1 else f"{when:%a %H:%M}"


def percent(fraction: float) -> str:
    """A state of charge."""
    return f"{100 * fraction:.0f} %"
