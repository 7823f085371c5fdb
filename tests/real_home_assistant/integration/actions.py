"""Actions that answer prices, and refuse what the real ones refuse.

Fields and refusals as in Core 2026.11: no field is taken that is not known, entries must exist.
"""

from datetime import datetime, timedelta

from homeassistant.core import SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt


def register(hass, entry):
    """Register the actions for which the file holds answers."""
    for domain, action, needed, optional, answer in ACTIONS:
        if domain != entry.domain or "answers" not in entry.runtime_data:
            continue

        async def call(call, needed=needed, optional=optional, answer=answer):
            require_fields(hass, call.data, needed, optional)
            return answer(entry.runtime_data["answers"], call.data)

        hass.services.async_register(domain, action, call, None, SupportsResponse.ONLY)


def require_fields(hass, given, needed, optional):
    """Refuse a call that the real action would refuse."""
    if missing := needed - given.keys():
        raise ServiceValidationError(f"required key not provided: {missing}")
    if unknown := given.keys() - needed - optional:
        raise ServiceValidationError(f"extra keys not allowed: {unknown}")
    for key in ("config_entry", "config_entry_id"):
        if key in given and not hass.config_entries.async_get_entry(given[key]):
            raise ServiceValidationError("config entry not found")


def amber_forecasts(held, given):
    """Answer one channel."""
    if given["channel_type"] not in held:
        raise ServiceValidationError("channel_not_found")
    return {"forecasts": held[given["channel_type"]]}


def nordpool_day(held, given):
    """Answer one day of each area: empty before it is published."""
    day = given["date"]
    key = day if isinstance(day, str) else day.isoformat()
    datetime.fromisoformat(key)
    return {area: days.get(key, []) for area, days in held.items()}


def tibber_span(held, given):
    """Answer from `start` to `end`: today where neither is given."""
    today = dt.start_of_local_day()
    start = instant(given.get("start"), today)
    end = instant(given.get("end"), today + timedelta(days=1))
    if start >= end:
        end = start + timedelta(days=1)
    return {
        "prices": {
            home: [row for row in rows if start <= dt.parse_datetime(row["start_time"]) < end]
            for home, rows in held.items()
        }
    }


def instant(text, otherwise):
    """Read an instant of the caller."""
    if not text:
        return otherwise
    if found := dt.parse_datetime(text):
        return dt.as_local(found)
    raise ServiceValidationError("invalid_date")


ACTIONS = [
    (
        "amberelectric",
        "get_forecasts",
        {"config_entry_id", "channel_type"},
        set(),
        amber_forecasts,
    ),
    (
        "nordpool",
        "get_prices_for_date",
        {"config_entry", "date"},
        {"areas", "currency"},
        nordpool_day,
    ),
    ("tibber", "get_prices", set(), {"start", "end"}, tibber_span),
]
