"""Answers of the search: what to confirm, what to type, and the settings as far as known."""

from typing import Any

import msgspec


class Alternative(msgspec.Struct, kw_only=True):
    """Another choice for a field; texts come from Home Assistant and may hold markup.

    `choice` is JSON: what the settings hold at the proposal's field.
    """

    label: str
    value: str = ""
    unit: str | None = None
    age_s: float | None = None
    why: str = ""
    choice: Any = None


class Proposal(Alternative, kw_only=True):
    """One field of the settings, with its present value and the reason of the choice."""

    field: str  # path in the settings, as batteries[0].soc
    alternatives: list[Alternative] = []


class Missing(msgspec.Struct, kw_only=True):
    """A field that the plan needs and nothing tells."""

    field: str
    label: str
    why: str
    example: str


class Found(msgspec.Struct, kw_only=True):
    """Everything found; `draft` is a JSON object that lacks what `missing` lists."""

    proposals: list[Proposal] = []
    missing: list[Missing] = []
    draft: dict[str, Any] = {}
    powersync: bool = False
    energy_dashboard: bool = False
    notes: list[str] = []


MOST_ALTERNATIVES = 5
