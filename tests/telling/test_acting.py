"""Acting: off unless asked for, alive while it lasts, normal in the end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.home_assistant.errors import Late, LinkDown, Refused
from server.home_assistant.states import EntityState
from server.settings.home import ActingSettings
from server.telling.acting import DURATION, Actor, call_for
from server.telling.command import Command
from tests.telling import NOW, plan_of

SCRIPT = ActingSettings(action="script.battery")
POWERSYNC = ActingSettings(action="power_sync.force_charge", preset="powersync")
HOME = replace(plan_of("dynamic_day")[2], acting=SCRIPT)
PLANS = timedelta(minutes=5)


class Calls:
    """A link that notes calls, and fails as told."""

    def __init__(self):
        self.made, self.errors, self.scripts = [], [], {"script.battery": "off"}

    async def call(self, action, data, *, answer=False, timeout=30.0):
        self.made.append((action, data))
        if self.errors:
            error = self.errors.pop(0)
            if error:
                raise error

    async def state(self, entity_id):
        state = self.scripts.get(entity_id)
        return state and EntityState(entity_id, state, {}, NOW, NOW)

    @property
    def actions(self):
        return [(data.get("variables") or data)["action"] for _, data in self.made]


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def actor(calls, tmp_path):
    return Actor(calls, tmp_path, retries=(0.0, 0.0))


def command(action="charge", power=3000.0, until=NOW + timedelta(hours=2)):
    power = power if action in {"charge", "export"} else 0.0
    return Command(action, power, until, 0.87654, "charge_for_later", "Charging")


async def act(actor, what, now=NOW, home=HOME, is_commandable=True):
    return await actor.act(home, what, now, is_commandable=is_commandable)


async def test_a_change_is_called_with_all_that_a_script_needs(calls, actor):
    acted = await act(actor, command())

    assert calls.made == [
        (
            "script.turn_on",
            {
                "entity_id": "script.battery",
                "variables": {
                    "action": "charge",
                    "power_w": 3000,
                    "until": "2026-01-14T03:00:00+00:00",
                    "duration": 20,
                    "target_soc": 87.7,
                },
            },
        )
    ]
    assert (acted.action, acted.call, acted.error) == ("charge", "script.turn_on", None)


async def test_another_action_is_called_itself(calls, actor):
    home = replace(HOME, acting=ActingSettings(action="pyscript.battery"))

    await act(actor, command("hold"), home=home)

    ((action, data),) = calls.made
    assert (action, data["action"], data["power_w"]) == ("pyscript.battery", "hold", 0)


@pytest.mark.parametrize("acting", [ActingSettings(), ActingSettings(preset="powersync")])
async def test_nothing_is_called_unless_an_action_is_named(calls, actor, acting):
    assert await act(actor, command(), home=replace(HOME, acting=acting)) is None

    assert calls.made == []


async def test_a_plan_that_stays_is_kept_alive_and_never_runs_out(calls, actor):
    ends, now = NOW, NOW
    for _ in range(24):
        before = len(calls.made)
        await act(actor, command(), now)
        if len(calls.made) > before:
            minutes = calls.made[-1][1]["variables"]["duration"]
            ends = now + timedelta(minutes=minutes)
        assert ends - now > 2 * PLANS  # two plans may fail
        now += PLANS

    assert 8 <= len(calls.made) <= 13


async def test_home_assistant_that_began_anew_is_given_the_command_again(calls, actor):
    await act(actor, command())

    actor.renew()
    await act(actor, command(), NOW + PLANS)
    await act(actor, command(), NOW + PLANS)

    assert calls.actions == ["charge", "charge"]


async def test_a_change_of_action_or_power_is_called_and_a_little_is_not(calls, actor):
    await act(actor, command("charge", 3000.0))
    await act(actor, command("charge", 3060.0))
    assert len(calls.made) == 1
    await act(actor, command("charge", 4000.0))
    await act(actor, command("export", 4000.0))
    await act(actor, command("hold"))

    assert calls.actions == ["charge", "charge", "export", "hold"]


async def test_a_clock_that_is_put_back_does_not_end_the_renewal(calls, actor):
    await act(actor, command())

    await act(actor, command(), NOW - timedelta(hours=2))

    assert len(calls.made) == 2


async def test_a_run_that_ends_soon_still_lasts_for_two_plans(calls, actor):
    await act(actor, command(until=NOW + timedelta(minutes=2)))

    assert calls.made[0][1]["variables"]["duration"] == 15


async def test_normal_is_commanded_once_and_only_after_something_else(calls, actor):
    await act(actor, command("normal"))
    assert calls.made == []
    await act(actor, command())
    await act(actor, command("normal"), NOW + PLANS)
    await act(actor, command("normal"), NOW + 2 * PLANS)

    assert calls.actions == ["charge", "normal"]
    assert not actor.is_commanding


@pytest.mark.parametrize(
    ("home", "what", "is_commandable"),
    [
        (replace(HOME, mode="paused"), command(), True),
        (replace(HOME, mode="watch"), command(), True),
        (replace(HOME, acting=ActingSettings()), command(), True),
        (HOME, command(), False),
        (HOME, None, True),
    ],
    ids=["paused", "watch", "acting off", "stale", "no plan"],
)
async def test_normal_once_where_nothing_may_be_commanded(calls, actor, home, what, is_commandable):
    await act(actor, command())

    for _ in range(3):
        await act(actor, what, NOW + PLANS, home, is_commandable)

    assert calls.actions == ["charge", "normal"]


async def test_the_end_of_the_server_means_normal(calls, actor):
    await act(actor, command())

    await actor.stop(NOW)
    await actor.stop(NOW)

    assert calls.actions == ["charge", "normal"]


async def test_a_restart_after_a_crash_remembers_what_was_commanded(calls, actor, tmp_path):
    await act(actor, command())
    again = Actor(calls, tmp_path, retries=())

    off = replace(HOME, acting=ActingSettings())
    await act(again, command(), NOW + PLANS, off)

    assert calls.actions == ["charge", "normal"]
    assert not Actor(calls, tmp_path).is_commanding


NAIVE = b"""{"action": "hold", "power_w": 0, "until": "2026-01-14T01:00:00", "acting": "script.a",
"preset": "script"}"""


@pytest.mark.parametrize("content", [b"", b"{", b'{"action": 3}', b"\xff\x00", NAIVE])
async def test_a_broken_memory_is_none(calls, tmp_path, content):
    (tmp_path / "acting.json").write_bytes(content)

    assert not Actor(calls, tmp_path).is_commanding


async def test_a_folder_that_cannot_be_written_stops_nothing(calls, tmp_path):
    actor = Actor(calls, tmp_path / "absent", retries=())

    await act(actor, command())
    await actor.stop(NOW)

    assert calls.actions == ["charge", "normal"]


async def test_another_script_is_given_the_command_and_the_old_one_normal(calls, actor):
    calls.scripts["script.other"] = "off"
    await act(actor, command())

    other = replace(HOME, acting=ActingSettings(action="script.other"))
    await act(actor, command(), NOW + PLANS, other)

    assert [(data["entity_id"], data["variables"]["action"]) for _, data in calls.made] == [
        ("script.battery", "charge"),
        ("script.battery", "normal"),
        ("script.other", "charge"),
    ]


async def test_a_lost_link_is_tried_again_and_a_refusal_is_not(calls, actor):
    calls.errors = [LinkDown("lost"), None]
    tried_again = await act(actor, command())
    calls.errors = [Refused("home_assistant_error", "the inverter is off")]
    refused = await act(actor, command("export"))

    assert tried_again.error is None
    assert calls.actions == ["charge", "charge", "export"]
    assert "the inverter is off" in refused.error


async def test_a_call_that_failed_is_made_again_with_the_next_plan(calls, actor):
    calls.errors = [Late("no answer")]
    failed = await act(actor, command())
    again = await act(actor, command(), NOW + PLANS)

    assert failed.error
    assert again.error is None
    assert calls.actions == ["charge", "charge"]


async def test_normal_that_failed_is_commanded_until_it_arrives(calls, actor):
    await act(actor, command())
    calls.errors = [Refused("x", "y")] * 2

    for turn in range(4):
        await act(actor, None, NOW + turn * PLANS)

    assert calls.actions == ["charge", "normal", "normal", "normal"]
    assert not actor.is_commanding


@pytest.mark.parametrize("state", [None, "unavailable"])
async def test_a_script_that_is_not_there_is_said(calls, actor, state):
    calls.scripts["script.battery"] = state

    acted = await act(actor, command())

    assert "script.battery" in acted.error
    assert calls.made == []


async def test_watching_returns_what_would_have_been_done(calls, actor):
    acted = await act(actor, command(), home=replace(HOME, mode="watch"))

    assert (acted.action, acted.power_w, acted.is_watched, acted.call) == (
        "charge",
        3000.0,
        True,
        None,
    )
    assert calls.made == []


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (command("charge"), ("power_sync.force_charge", {"duration": 20, "power_w": 3000})),
        (command("export"), ("power_sync.force_discharge", {"duration": 20, "power_w": 3000})),
        (command("hold"), ("power_sync.hold_battery_soc", {"duration": 20})),
        (command("charge", 0.0), ("power_sync.hold_battery_soc", {"duration": 20})),
        (command("normal"), ("power_sync.restore_normal", {})),
    ],
)
def test_powersync_has_actions_of_its_own(what, expected):
    assert call_for(POWERSYNC, what, 20) == expected


async def test_a_script_of_home_assistant_is_turned_on(home_assistant, link, tmp_path):
    home_assistant.actions["script.turn_on"] = None
    actor = Actor(link, tmp_path, retries=())
    missing = await act(actor, command())
    await home_assistant.set_state("script.battery", "off")

    acted = await act(actor, command(), NOW + PLANS)

    assert "script.battery" in missing.error
    assert acted.error is None
    ((action, data),) = home_assistant.calls
    assert action == "script.turn_on"
    assert data["entity_id"] == "script.battery"
    assert data["variables"]["action"] == "charge"


async def test_an_action_that_is_not_there_is_said(link, tmp_path):
    actor = Actor(link, tmp_path, retries=())

    acted = await act(actor, command(), home=replace(HOME, acting=POWERSYNC))

    assert "power_sync.force_charge" in acted.error


STEPS = st.tuples(
    st.sampled_from(["charge", "normal", "export", "hold", None]),
    st.floats(200.0, 5000.0),
    st.sampled_from(["automatic", "watch", "paused"]),
    st.booleans(),
    st.sampled_from([None, LinkDown("lost"), Refused("x", "y")]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(STEPS, max_size=12))
async def test_whatever_happens_the_battery_is_where_the_last_plan_wants_it(tmp_path, steps):
    (tmp_path / "acting.json").unlink(missing_ok=True)
    calls, now = Calls(), datetime(2026, 1, 14, tzinfo=UTC)
    actor = Actor(calls, tmp_path, retries=())
    inverter, ends = "normal", now
    for action, power, mode, is_commandable, error in steps:
        calls.errors, count = [error], len(calls.made)
        what = action and command(action, power, now + timedelta(hours=1))
        await act(actor, what, now, replace(HOME, mode=mode), is_commandable)
        for (_, data), failure in zip(calls.made[count:], [error], strict=False):
            if failure is None:
                inverter = data["variables"]["action"]
                ends = now + timedelta(minutes=data["variables"]["duration"])
        may_command = mode == "automatic" and is_commandable
        wanted = action if action and may_command else "normal"
        assert inverter == wanted or calls.made[count:]  # else it was tried, and failed
        if inverter != "normal":
            assert actor.is_commanding
            assert ends - now <= DURATION
        now += PLANS

    await actor.stop(now)
    assert calls.actions == [] or not actor.is_commanding
