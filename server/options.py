"""Options of the add-on: flags win over the environment, the environment over the file."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from optimiser import CostFunction
from server.reading.clock import find_zone, machine_zone
from server.wire.repairs import number_from_json
from server.wire.wording import format_value

log = logging.getLogger("server.options")

ADDON_OPTIONS = Path("/data/options.json")
"""Where Supervisor puts the options of an add-on."""

LOG_LEVELS = ("debug", "info", "warning", "error")


SHORTEST_TOKEN = 16
"""Fewest characters of ``api_token``."""


HIGHEST_MARGIN = 1.0
"""Of ``price_margin``; with more, a home would hardly trade at all. [$/kWh]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Defaults for what a request leaves out, and how the server runs.

    Attributes
    ----------
    log_level : str
        One of `LOG_LEVELS`.
    optimization_interval : int
        Interval of a request that names none, in [5, 120]. [min]
    horizon_hours : int
        Horizon of a request with a single flat price, in [24, 72]. [h]
    default_cost_function : CostFunction
        Cost function of a request that names none.
    zone : tzinfo or None
        The site's time zone; None takes every offset as it is now.
    client_safe_charge : bool
        Keep charging from solar alone out of ``charge_w``.
    price_margin : float
        What a kWh through the meter counts as dearer where a request does not say. [$/kWh]
    api_token : str
        What callers of the API must show; empty where everybody may call.
    """

    log_level: str = "info"
    optimization_interval: int = 30
    horizon_hours: int = 48
    default_cost_function: CostFunction = CostFunction.COST
    zone: tzinfo | None = field(default=None)
    client_safe_charge: bool = False
    price_margin: float = 0.0
    api_token: str = field(default="", repr=False)


def load(environment: Mapping[str, str], file: Path | None) -> Options:
    """Options of this process.

    Parameters
    ----------
    environment : mapping
        Usually `os.environ`.
    file : Path or None
        The options file that was asked for; `ADDON_OPTIONS`, where present, if None.

    Returns
    -------
    Options
        Each bad value gives one log line and changes nothing; the zone is that of the machine where
        nobody names one.
    """
    options = Options(zone=machine_zone())
    options = _with(options, _file_values(file or ADDON_OPTIONS, asked_for=file is not None))
    named = {key: environment[key.upper()] for key in _READERS if key.upper() in environment}
    if environment.get("TZ"):
        named["timezone"] = environment["TZ"]
    return _with(options, named)


def _file_values(file: Path, *, asked_for: bool) -> dict[str, Any]:
    try:
        values = json.loads(file.read_bytes())
    except FileNotFoundError:
        if asked_for:
            log.warning("options file %s is missing; defaults used", file)
        return {}
    except (OSError, ValueError) as error:
        log.warning("options file %s cannot be read (%s); defaults used", file, error)
        return {}
    if not isinstance(values, dict):
        log.warning("options file %s must hold a JSON object; defaults used", file)
        return {}
    return values


def _with(options: Options, values: Mapping[str, Any]) -> Options:
    """Options changed by raw values."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in _READERS:
            log.warning("option %s is unknown; ignored", name)
            continue
        if value is None:
            continue
        try:
            target, reader = _READERS[name]
            changes[target] = reader(value)
        except ValueError as error:
            log.warning("option %s: %s; ignored", name, error)
    return replace(options, **changes)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:  # noqa: ANN401 - raw JSON
        name = str(value).strip().lower()
        if name not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, got {format_value(value)}")
        return name

    return read


def _whole_number(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:  # noqa: ANN401 - raw JSON
        read = number_from_json(value)
        if not least <= read <= most or read != int(read):
            raise ValueError(
                f"must be a whole number in [{least}, {most}], got {format_value(value)}"
            )
        return int(read)

    return read


def _between(least: float, most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:  # noqa: ANN401 - raw JSON
        read = number_from_json(value)
        if not least <= read <= most:
            raise ValueError(
                f"must be a number in [{least:g}, {most:g}], got {format_value(value)}"
            )
        return read

    return read


def _cost_function(value: Any) -> CostFunction:  # noqa: ANN401 - raw JSON
    return CostFunction(_one_of(*CostFunction)(value))


def _truth(value: Any) -> bool:  # noqa: ANN401 - raw JSON
    if isinstance(value, bool):
        return value
    return _one_of("true", "false", "1", "0")(value) in {"true", "1"}


def _zone(value: Any) -> tzinfo:  # noqa: ANN401 - raw JSON
    zone = find_zone(str(value).removeprefix(":"))
    if zone is None:
        raise ValueError(f"must be an IANA time zone, got {format_value(value)}")
    return zone


def _secret(value: Any) -> str:  # noqa: ANN401 - raw JSON
    if not isinstance(value, str) or not value.isascii() or 0 < len(value) < SHORTEST_TOKEN:
        raise ValueError(f"must be text of at least {SHORTEST_TOKEN} ASCII characters, or empty")
    return value


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "log_level": ("log_level", _one_of(*LOG_LEVELS)),
    "optimization_interval": ("optimization_interval", _whole_number(5, 120)),
    "horizon_hours": ("horizon_hours", _whole_number(24, 72)),
    "default_cost_function": ("default_cost_function", _cost_function),
    "client_safe_charge": ("client_safe_charge", _truth),
    "price_margin": ("price_margin", _between(0.0, HIGHEST_MARGIN)),
    "timezone": ("zone", _zone),
    "api_token": ("api_token", _secret),
}
assert {target for target, _ in _READERS.values()} == {f.name for f in fields(Options)}
