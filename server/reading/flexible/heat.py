"""The stores of heat of a request."""

from collections.abc import Sequence

from optimiser import HeatStore, ProblemError
from server.reading.flexible.names import key_of
from server.reading.series.lists import number_or_series
from server.reading.series.steps import Timeline
from server.wire.flexible import HeatIn
from server.wire.repairs import FieldReader, Repairs
from server.wire.storages import HIGHEST_POWER

MOST_STORES = 5
"""More stores of heat are refused."""

_HIGHEST_COP = 20.0


def heat_from_wire(
    wires: Sequence[HeatIn], timeline: Timeline, keys: dict[str, str], repairs: Repairs
) -> list[HeatStore]:
    """Read the stores of heat of a request; `keys` holds the paths of names that are taken."""
    if len(wires) > MOST_STORES:
        raise ProblemError("heat", f"must hold at most {MOST_STORES}, got {len(wires)}")
    return [_store(wire, f"heat[{i}]", timeline, keys, repairs) for i, wire in enumerate(wires)]


def _store(
    wire: HeatIn, path: str, timeline: Timeline, keys: dict[str, str], repairs: Repairs
) -> HeatStore:
    reader = FieldReader(wire, path, repairs)
    key = key_of(wire, path, keys)
    try:
        least, most = reader.number("least"), reader.number("most")
        if least > most:
            raise ProblemError(f"{path}.least", f"must not exceed most, got {least:g}")
        return HeatStore(
            id=key,
            capacity=reader.number("capacity_kwh"),
            level=reader.number("level"),
            power=number_or_series("power_w", HIGHEST_POWER, timeline, reader) / 1000.0,
            efficiency=number_or_series("cop", _HIGHEST_COP, timeline, reader)
            if wire.cop is not None
            else reader.number("efficiency"),
            least=least,
            most=most,
            loss=reader.number("loss_w") / 1000.0,
            draw=number_or_series("draw_w", HIGHEST_POWER, timeline, reader) / 1000.0,
            end_value=reader.optional("end_value"),
        )
    except ValueError as error:
        name, _, rule = str(error).partition(" ")
        raise ProblemError(f"{path}.{name}", rule) from None
