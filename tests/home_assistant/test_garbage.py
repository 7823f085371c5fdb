"""No message of any JSON, or none, ends the link."""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from server.home_assistant.link import Link
from tests.home_assistant.conftest import running
from tests.home_assistant.fake import FakeHomeAssistant

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FRAMES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["result", "event", "pong", "auth_invalid", "auth_required", 7]),
        "id": st.integers(-1, 9) | JSON,
    },
    optional={
        "success": st.booleans() | JSON,
        "result": JSON,
        "error": JSON | st.fixed_dictionaries({"code": JSON, "message": JSON}),
        "event": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "a": JSON | st.dictionaries(st.sampled_from(["sensor.soc"]), JSON),
                "c": JSON | st.dictionaries(st.sampled_from(["sensor.soc"]), JSON),
                "r": JSON,
                "topic": JSON,
                "payload": JSON,
            },
        ),
        "ha_version": JSON,
    },
)
TEXTS = st.text() | st.one_of(JSON, FRAMES, st.lists(FRAMES, max_size=3)).map(json.dumps)


async def tell(texts):
    """Send `texts` to a link that follows and listens, and return it and the fake."""
    fake = FakeHomeAssistant()
    await fake.start()
    try:
        await fake.set_state("sensor.soc", 55)
        async with running(Link(fake.address)) as link:
            await link.follow(["sensor.soc"])
            await link.listen(["mode"])
            for text in texts:
                await fake.send_text(text)
            fake.commands["last"] = "answer"
            answer = await asyncio.wait_for(link.command("last"), 10)
            return bytes(answer), fake.logins
    finally:
        await fake.stop()


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=8))
def test_no_message_ends_the_link(texts):
    answer, logins = asyncio.run(tell(texts))

    assert answer == b'"answer"'
    assert logins == 1
