"""Answers of actions, whatever an integration's version calls their fields."""

from collections.abc import Mapping
from typing import Any

from server.home_assistant.errors import Refused
from server.home_assistant.link import Link
from server.home_assistant.transport.messages import decode
from server.sources.actions import former_call


async def answer_of(link: Link, action: str, call: Mapping[str, object]) -> Any:  # noqa: ANN401
    """Return the answer of an action, decoded.

    Raises
    ------
    LinkError
        By what failed.
    """
    try:
        answer = await link.call(action, call, answer=True)
    except Refused:
        former = former_call(action, call)
        if former is None:
            raise
        answer = await link.call(action, former, answer=True)
    return decode(answer or b"null", Any)
