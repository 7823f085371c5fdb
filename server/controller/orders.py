"""Orders of the owner, given on the page."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from server.settings.checks import SettingsError
from server.settings.home import ChargeNow, Mode, Settings
from server.telling.controls import ControlError, with_charge_now, with_mode, with_reserve


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of what the controls hold; absent ones stay.

    `charge_now` null ends charging; `is_replan` asks for a plan at once.
    """

    mode: Mode | UnsetType = UNSET
    reserve: float | UnsetType = UNSET
    charge_now: ChargeNow | UnsetType | None = UNSET
    is_replan: bool = False


def settings_after(order: Order, settings: Settings, now: datetime) -> Settings:
    """Return the settings after an order.

    Raises
    ------
    SettingsError
        Where a value breaks a rule.
    """
    field = "mode"
    try:
        if order.mode is not UNSET:
            settings = with_mode(settings, order.mode)
        field = "reserve"
        if order.reserve is not UNSET:
            settings = with_reserve(settings, order.reserve)
        field = "charge_now"
        if order.charge_now is None:
            settings = replace(settings, charge_now=None)
        elif order.charge_now is not UNSET:
            wanted = order.charge_now
            settings = with_charge_now(settings, wanted.soc, _instant(wanted.until), now)
    except ControlError as error:
        raise SettingsError(field, str(error)) from None
    return settings


def _instant(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise ControlError("until must be ISO 8601 with an offset")
    return when
