"""Actions of integrations that answer prices, and the calls that reach as far as is published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from server.sources.series import Series, merge, series_from
from server.sources.stamps import start_of_day

_DAYS = 2  # today and tomorrow: no market publishes more


@dataclass(frozen=True, slots=True)
class PriceAction:
    """One action that answers prices.

    Attributes
    ----------
    action : str
        As ``nordpool.get_prices_for_date``.
    domain : str
        Of its config entries.
    entry_field : str or None
        Field of its data that names the config entry; None where it takes none.
    window : str
        "date": one call for each local day; "range": one with `start` and `end`; "none": it
        answers all that it knows.
    unit : str or None
        Of its prices, where the answer does not say it.
    buys, sells : mapping or None
        Fields of its data that choose the direction; None where it has no such prices.
    always : mapping
        Other fields of its data that it requires.
    former_field : str or None
        Name of `entry_field` in older Cores, which refuse the present one, as that one the former.
    present : str or None
        Field of its data that the entity of the present price has too, where the answers begin
        after the present interval, as Amber's do.
    """

    action: str
    domain: str
    entry_field: str | None
    window: Literal["date", "range", "none"]
    unit: str | None = None
    buys: Mapping[str, str] | None = field(default_factory=dict)
    sells: Mapping[str, str] | None = field(default_factory=dict)
    always: Mapping[str, object] = field(default_factory=dict)
    former_field: str | None = None
    present: str | None = None

    def data(self, entry_id: str, direction: Literal["buys", "sells"]) -> dict[str, str] | None:
        """Return what the settings keep of a call; None where it has no prices of the direction."""
        chosen = self.buys if direction == "buys" else self.sells
        entry = {} if self.entry_field is None else {self.entry_field: entry_id}
        return None if chosen is None else {**entry, **chosen}


PRICE_ACTIONS = (
    PriceAction(
        "amberelectric.get_forecasts",
        "amberelectric",
        "config_entry_id",
        "none",
        "$/kWh",
        {"channel_type": "general"},
        {"channel_type": "feed_in"},
        former_field="site_id",
        present="channel_type",
    ),
    PriceAction("nordpool.get_prices_for_date", "nordpool", "config_entry", "date", "/MWh"),
    PriceAction("tibber.get_prices", "tibber", None, "range", "/kWh", sells=None),
    PriceAction(
        "energyzero.get_energy_prices",
        "energyzero",
        "config_entry",
        "range",
        "€/kWh",
        always={"incl_vat": True},
    ),
    PriceAction(
        "easyenergy.get_energy_usage_prices",
        "easyenergy",
        "config_entry",
        "range",
        "€/kWh",
        sells=None,
        always={"incl_vat": True},
    ),
    PriceAction(
        "easyenergy.get_energy_return_prices",
        "easyenergy",
        "config_entry",
        "range",
        "€/kWh",
        buys=None,
    ),
)
"""The actions known; any other is called once with the data of the settings."""


def price_action(action: str) -> PriceAction | None:
    """Return the action of a name, None where it is not known."""
    return next((known for known in PRICE_ACTIONS if known.action == action), None)


def former_call(action: str, call: Mapping[str, object]) -> dict[str, object] | None:
    """Return the data of a call with the names of older Cores; None where they are the same."""
    known = price_action(action)
    if known is None or known.former_field is None or known.entry_field not in call:
        return None
    names = {known.entry_field: known.former_field}
    return {names.get(name, name): value for name, value in call.items()}


def calls_for(
    action: str, data: Mapping[str, object], now: datetime, zone: tzinfo
) -> list[dict[str, object]]:
    """Return the data of every call of an action, for today and tomorrow.

    A call for a day that is not published yet may be refused: the others count alone.
    """
    known = price_action(action)
    fixed = {**(known.always if known else {}), **data}
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=k) for k in range(_DAYS + 1)]
    if known is None or known.window == "none":
        return [fixed]
    if known.window == "date":
        return [{**fixed, "date": day.isoformat()} for day in days[:_DAYS]]
    start, end = (start_of_day(day, zone).astimezone(zone) for day in (days[0], days[-1]))
    return [{**fixed, "start": start.isoformat(), "end": end.isoformat()}]


def series_from_answers(
    action: str,
    answers: Iterable[object],
    *,
    zone: tzinfo,
    now: datetime | None = None,
    series: str | None = None,
) -> Series | None:
    """Return the prices in the answers to all calls of an action.

    `series` is the zone, home or column to take where an answer holds several.
    """
    known = price_action(action)
    found = [
        series_from(
            answer,
            unit=known.unit if known else None,
            zone=zone,
            now=now or datetime.now(UTC),
            series=series,
            quantity="price",
        )
        for answer in answers
    ]
    return merge(part for part in found if part is not None)


def present_from(
    action: str,
    data: Mapping[str, object],
    attributes: Iterable[Mapping[str, object]],
    *,
    zone: tzinfo,
) -> Series | None:
    """Return the price of the present interval from the attributes of an integration's entities.

    None where the answers of the action hold it themselves, or no entity does.
    """
    known = price_action(action)
    if known is None or known.present is None:
        return None
    wanted = _plain(data.get(known.present))
    for row in attributes:
        if _plain(row.get(known.present)) == wanted:
            found = series_from([row], unit=known.unit, zone=zone, quantity="price")
            if found is not None:
                return found
    return None


def _plain(name: object) -> str:
    """Return a name as `feedIn` and `feed_in` have in common."""
    return str(name).replace("_", "").lower()
