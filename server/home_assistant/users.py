"""Users of Home Assistant, as far as their rights matter."""

import msgspec

from server.home_assistant.link import Link, Refused
from server.home_assistant.transport.messages import decode

_ADMINISTRATORS = "system-admin"


class UserIn(msgspec.Struct):
    """One user of Home Assistant."""

    id: str
    is_owner: bool = False
    is_active: bool = True
    group_ids: list[str] = []


async def administrators(link: Link) -> frozenset[str] | None:
    """Return the ids of all administrators; None where Home Assistant lists no users for us.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    """
    try:
        users = decode(await link.command("config/auth/list"), list[UserIn])
    except Refused:
        return None
    return frozenset(
        user.id
        for user in users
        if user.is_active and (user.is_owner or _ADMINISTRATORS in user.group_ids)
    )
