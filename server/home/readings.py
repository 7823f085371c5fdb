"""Everything that is read for one plan, beside the settings."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal

import msgspec

from server.sources.rows import Rows


class SourceHealth(msgspec.Struct, kw_only=True):
    """One source as the page shows it.

    `field` is its path in the settings, as batteries[0].soc; `value` the present value with its
    unit, as text; `at` the instant that the value is of; `text` a sentence, empty where all is
    well.  *assumed* stands for what no source says, as a guessed price.
    """

    field: str
    label: str
    value: str
    at: datetime | None = None
    state: Literal["good", "old", "missing", "assumed"] = "good"
    text: str = ""


class SocReading(msgspec.Struct, kw_only=True):
    """State of charge of one battery, 0 to 1.

    `is_carried` where the plan before says it in place of a reading that is old; without
    `is_commandable` nothing may be commanded on it.
    """

    value: float
    at: datetime | None = None
    is_carried: bool = False
    is_commandable: bool = True


class CarReading(msgspec.Struct, kw_only=True):
    """One car: `soc` and `target` are shares, and None is unknown, or no departure."""

    plugged: bool = True
    soc: float | None = None
    target: float = 0.8
    departure: datetime | None = None


class LoadRun(msgspec.Struct, kw_only=True, frozen=True):
    """A run of a flexible load.

    Attributes
    ----------
    day : str
        On which its window begins, ISO 8601.
    start, end : datetime
        Time-zone aware.
    is_begun : bool
        Whether Home Assistant was told to switch it on: it stays where it is, and is the only one
        of its day.
    """

    day: str
    start: datetime
    end: datetime
    is_begun: bool = False

    def is_on(self, now: datetime) -> bool:
        """Return whether it has begun and not ended."""
        return self.is_begun and now < self.end


@dataclass(frozen=True, slots=True)
class PriceRows:
    """Prices of one direction, with the formula of the settings applied.

    Attributes
    ----------
    rows : Rows
        As published, from the running one on. [money/kWh]
    guesses : Rows
        For gaps among them and for the time beyond. [money/kWh]
    published_until : datetime
        End of the last published row, or of the plan where that is earlier.
    notes : list of str
        What was mended or guessed, in plain words.
    """

    rows: Rows
    guesses: Rows
    published_until: datetime
    notes: list[str]

    def all_rows(self) -> Rows:
        """Return published and guessed rows in the order of time."""
        return sorted(self.rows + self.guesses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Readings of a home at one instant; lists are in the order of the settings.

    Attributes
    ----------
    at : datetime
        Now, in UTC; the plan begins here.
    zone : tzinfo
        Of the home: windows and days are local.
    timezone : str
        Its IANA name.
    currency : str or None
        Of Home Assistant, for settings without one.
    import_prices, export_prices : PriceRows
        From now to the end of the plan, or further.
    solar_rows, load_rows : Rows
        Mean powers; the load is without the cars of the settings. [W]
    socs : list of SocReading
        Of the batteries.
    cars : list of CarReading
        Of the cars.
    runs : list of LoadRun or None
        The last run of each flexible load that has begun; a missing one is None.
    wanted : list of bool
        Whether each of them is to run.
    levels : list of float or None
        Of the stores of heat, 0 to 1; None is unknown.
    peaks_kw : list of float or None
        Highest mean power of each demand charge in its billing period; None is unknown. [kW]
    used_kwh : list of float or None
        Energy of each allowance used today. [kWh]
    health : list of SourceHealth
        Each source.
    notes : list of str
        What was mended or guessed, in plain words.
    """

    at: datetime
    zone: tzinfo
    timezone: str
    currency: str | None = None
    import_prices: PriceRows
    export_prices: PriceRows
    solar_rows: Rows
    load_rows: Rows
    socs: list[SocReading] = field(default_factory=list)
    cars: list[CarReading] = field(default_factory=list)
    runs: list[LoadRun | None] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    levels: list[float | None] = field(default_factory=list)
    peaks_kw: list[float | None] = field(default_factory=list)
    used_kwh: list[float | None] = field(default_factory=list)
    health: list[SourceHealth] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_commandable(self) -> bool:
        """True where commands may be given on the states of charge."""
        return all(reading.is_commandable for reading in self.socs)
