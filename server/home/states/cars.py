"""Cars of a home, as their entities say."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from server.home.readings import CarReading, SourceHealth
from server.home.states.look import Kept, Look, time_of_report, words_of
from server.home.states.words import departure_from, is_plugged
from server.home_assistant.states import is_entity_id, share_of
from server.settings.home import CarSettings

_TARGET = 0.8


Car = tuple[CarReading, list[SourceHealth]]


async def read_cars(look: Look, cars: Sequence[CarSettings]) -> list[Car]:
    """Return cars, each with the health of its sources; what is not known is assumed, and said."""
    return await asyncio.gather(*(_read_car(look, car, i) for i, car in enumerate(cars)))


async def _read_car(look: Look, car: CarSettings, number: int) -> Car:
    field = f"cars[{number}]"
    health: list[SourceHealth] = []
    plugged = await _plug(look, car, f"{field}.plugged", health)
    soc = await _share(look, car, "soc", f"{field}.soc", health)
    target = car.target
    if isinstance(target, str):
        known = await _share(look, car, "target", f"{field}.target", health)
        target = _TARGET if known is None else known
    departure = await _departure(look, car, f"{field}.departure", health)
    if not plugged:  # it is not planned for, and its faults are no news
        health = [one for one in health if one.state == "good" or one.field == f"{field}.plugged"]
    return CarReading(plugged=plugged, soc=soc, target=target, departure=departure), health


async def _plug(look: Look, car: CarSettings, field: str, health: list[SourceHealth]) -> bool:
    if car.plugged is None:
        return True
    label = f"{car.name}: plugged in"
    state, kept = await look.state(car.plugged), look.memory.plugs.get(car.plugged)
    plugged = is_plugged(state.state) if state else None
    if state and plugged is not None:
        look.memory.plugs[car.plugged] = Kept(plugged, look.now)
        value = "yes" if plugged else "no"
        health.append(SourceHealth(field=field, label=label, value=value, at=time_of_report(state)))
        return plugged
    text = f"{words_of(car.plugged, state)}; taken as "
    text += f"at {look.clock(kept.at)}." if kept else "not plugged in: nothing is planned for it."
    value = "yes" if kept and kept.value else "no"
    health.append(
        SourceHealth(
            field=field,
            label=label,
            value=value,
            at=kept.at if kept else None,
            state="old" if kept else "missing",
            text=text,
        )
    )
    return kept.value if kept else False


async def _share(
    look: Look, car: CarSettings, name: str, field: str, health: list[SourceHealth]
) -> float | None:
    """Return a share that an entity has, or had last."""
    entity, label = getattr(car, name), f"{car.name}: {_LABELS[name]}"
    if entity is None:
        text = f"No entity says it; {_ASSUMED[name]}"
        health.append(SourceHealth(field=field, label=label, value="", state="assumed", text=text))
        return None
    state, kept = await look.state(entity), look.memory.shares.get(entity)
    share = share_of(state)
    if state and share is not None:
        look.memory.shares[entity] = Kept(share, look.now)
        health.append(
            SourceHealth(field=field, label=label, value=f"{share:.0%}", at=time_of_report(state))
        )
        return share
    health.append(
        SourceHealth(
            field=field,
            label=label,
            value=f"{kept.value:.0%}" if kept else "",
            at=kept.at if kept else None,
            state="old" if kept else "missing",
            text=f"{words_of(entity, state)}; "
            + (f"taken as at {look.clock(kept.at)}." if kept else _ASSUMED[name]),
        )
    )
    return kept.value if kept else None


_LABELS = {"soc": "state of charge", "target": "target"}
_ASSUMED = {"soc": "assumed to be half full.", "target": f"{_TARGET:.0%} assumed."}


async def _departure(
    look: Look, car: CarSettings, field: str, health: list[SourceHealth]
) -> datetime | None:
    if car.departure is None:
        return None
    text, at = car.departure, None
    says = f'"{text}"'
    if is_entity_id(text):
        state = await look.state(text)
        says = words_of(text, state)
        text, at = (state.state, time_of_report(state)) if state else ("", None)
    departure = departure_from(text, look.now, look.zone)
    health.append(
        SourceHealth(
            field=field,
            label=f"{car.name}: departure",
            value=look.clock(departure) if departure else "",
            at=at,
            state="good" if departure else "missing",
        )
    )
    if departure and departure > look.now:
        return departure
    why = "which is past" if departure else "which is no time"
    health[-1].text = f"{says}, {why}; no departure is planned for."
    return None
