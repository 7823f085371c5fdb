"""Options of the add-on: flags win over the environment, the environment over the file."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import tzinfo
from functools import partial
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
        Added to the cost of a kWh through the meter where a request does not say. [$/kWh]
    api_token : str
        Token of the callers of the API; empty where all may call.
    """

    log_level: str = "info"
    optimization_interval: int = 30
    horizon_hours: int = 48
    default_cost_function: CostFunction = CostFunction.COST
    zone: tzinfo | None = None
    client_safe_charge: bool = False
    price_margin: float = 0.0
    api_token: str = field(default="", repr=False)


def load(environment: Mapping[str, str], file: Path | None) -> Options:
    """Return the options of this process.

    A bad value gives one log line and changes nothing; the zone is that of the machine by default.

    Parameters
    ----------
    environment : mapping
        Usually `os.environ`.
    file : Path or None
        The options file; `ADDON_OPTIONS`, where present, if None.
    """
    options = Options(zone=machine_zone())
    options = _replace(options, _file_values(file or ADDON_OPTIONS, is_required=file is not None))
    named = {key: environment[key.upper()] for key in _READERS if key.upper() in environment}
    if environment.get("TZ"):
        named["timezone"] = environment["TZ"]
    return _replace(options, named)


def _file_values(file: Path, *, is_required: bool) -> dict[str, Any]:
    try:
        values = json.loads(file.read_bytes())
    except FileNotFoundError:
        if is_required:
            log.warning("options file %s is missing; defaults used", file)
        return {}
    except (OSError, ValueError) as error:
        log.warning("options file %s cannot be read (%s); defaults used", file, error)
        return {}
    if not isinstance(values, dict):
        log.warning("options file %s must hold a JSON object; defaults used", file)
        return {}
    return values


def _replace(options: Options, values: Mapping[str, Any]) -> Options:
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in _READERS:
            log.warning("option %s is unknown; ignored", name)
        elif value is not None:
            target, reader = _READERS[name]
            try:
                changes[target] = reader(value)
            except ValueError as error:
                log.warning("option %s: %s; ignored", name, error)
    return replace(options, **changes)


def _one_of(allowed: Iterable[str], value: object) -> str:
    name = str(value).strip().lower()
    if name not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}, got {format_value(value)}")
    return name


def _whole_number(least: int, most: int, value: object) -> int:
    amount = number_from_json(value)
    if not least <= amount <= most or amount != int(amount):
        raise ValueError(f"must be a whole number in [{least}, {most}], got {format_value(value)}")
    return int(amount)


def _price_margin(value: object) -> float:
    amount = number_from_json(value)
    if not 0.0 <= amount <= HIGHEST_MARGIN:
        raise ValueError(f"must be a number in [0, {HIGHEST_MARGIN:g}], got {format_value(value)}")
    return amount


def _cost_function(value: object) -> CostFunction:
    return CostFunction(_one_of(tuple(CostFunction), value))


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return _one_of(("true", "false", "1", "0"), value) in {"true", "1"}


def _zone(value: object) -> tzinfo:
    zone = find_zone(str(value).removeprefix(":"))
    if zone is None:
        raise ValueError(f"must be an IANA time zone, got {format_value(value)}")
    return zone


def _secret(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or 0 < len(value) < SHORTEST_TOKEN:
        raise ValueError(f"must be text of at least {SHORTEST_TOKEN} ASCII characters, or empty")
    return value


# Field of `Options` and reader of each option.
_READERS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "log_level": ("log_level", partial(_one_of, LOG_LEVELS)),
    "optimization_interval": ("optimization_interval", partial(_whole_number, 5, 120)),
    "horizon_hours": ("horizon_hours", partial(_whole_number, 24, 72)),
    "default_cost_function": ("default_cost_function", _cost_function),
    "client_safe_charge": ("client_safe_charge", _switch),
    "price_margin": ("price_margin", _price_margin),
    "timezone": ("zone", _zone),
    "api_token": ("api_token", _secret),
}
assert {target for target, _ in _READERS.values()} == {f.name for f in fields(Options)}
