"""One field at a time, with every slip of unit that has one sane reading."""

import math

from optimiser import ProblemError
from server.reading.series import number
from server.wire.repairs import Repairs
from server.wire.structs import Number
from server.wire.wording import shown

HIGHEST_POWER = 100_000.0
"""No home draws or feeds more; the client is known to send 15 MW. [W]"""

LEAST_POWER = 10.0
"""Limits under this cannot be commanded. [W]"""

HIGHEST_PRICE = 1_000.0
"""$/kWh; the Australian market cap is 20."""

DEFAULT_EFFICIENCY = 0.9

LEAST_EFFICIENCY = 0.5
"""Below, it is no battery but a fault."""

# A fraction may overshoot by rounding; beyond this it must be a percentage.
_OVERSHOOT = 1.1
_PERCENT_FROM = 2.0


class Reader:
    """Reads the fields of one object of a request, and notes what it mends.

    Parameters
    ----------
    repairs : Repairs
        Takes the notes.
    path : str
        Where the object is in the request.
    """

    def __init__(self, repairs: Repairs, path: str) -> None:
        self._repairs = repairs
        self._path = path

    def note(self, code: str, name: str, message: str) -> None:
        """Record that a field was mended."""
        self._repairs.note(code, f"{self._path}.{name}", message)

    def refused(self, name: str, rule: str) -> ProblemError:
        """Error that names a field."""
        return ProblemError(f"{self._path}.{name}", rule)

    def finite(self, name: str, value: Number, default: float, *, optional: bool = False) -> float:
        """Number; the default where there is none, without a word where it is optional."""
        if value is None and optional:
            return default
        read = value if type(value) is float else number(value)
        if math.isfinite(read):
            return read
        why = "missing" if value is None else f"must be a number, got {shown(value)}"
        self.note("default", name, f"{why}; {default:g} assumed")
        return default

    def not_negative(self, name: str, value: Number, default: float) -> float:
        """Optional number of at least zero; a negative one is refused."""
        if value is None:
            return default
        read = self.finite(name, value, default)
        if read < 0:
            raise self.refused(name, f"must not be negative, got {read!r}")
        return read

    def fraction(
        self, name: str, value: Number, default: float, *, required: bool = False
    ) -> float:
        """Share in [0, 1], also as a percentage."""
        if type(value) is float and 0 < value <= 1:
            return value  # nothing to mend, as nearly always
        if value is None and not required:
            return default
        share = self.finite(name, value, default)
        if share > _OVERSHOOT:
            self.note("percent", name, f"{share:g} read as per cent")
            share /= 100.0
        return self.clamped(name, share, 0.0, 1.0)

    def efficiency(
        self, name: str, value: Number, least: float, default: float = DEFAULT_EFFICIENCY
    ) -> float:
        """Share of energy that gets through, also as a percentage."""
        if type(value) is float and least < value <= 1:
            return value  # as in `fraction`
        share = self.finite(name, value, default)
        if share >= _PERCENT_FROM:
            self.note("percent", name, f"{share:g} read as per cent")
            share /= 100.0
        return self.clamped(name, share, least, 1.0)

    def cycle_cost(self, value: Number) -> float:
        """Wear price [$/kWh]."""
        if value is None:
            return 0.0
        cost = self.finite("cycle_cost", value, 0.0)
        return self.clamped("cycle_cost", cost, 0.0, HIGHEST_PRICE)

    def clamped(self, name: str, value: float, low: float, high: float) -> float:
        """The nearest value in a range."""
        if low < value <= high:
            return value
        clamped = min(high, max(low, value))
        if clamped != value:
            rule = f"must lie in [{low:g}, {high:g}]"
            self.note("clamped", name, f"{rule}, got {value:g}; {clamped:g} assumed")
        return clamped
