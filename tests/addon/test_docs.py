"""What the documents tell is true: every name, port, path, option, request and line of the log."""

import argparse
import json
import re

import msgspec
import pytest

from server.command_line import (
    ADDON_DATA,
    DEFAULT_PORT,
    DEFAULT_UI_PORT,
    USER_DATA,
    add_serve_arguments,
)
from server.home.states.socs import CARRIED, FRESH
from server.http.app import utc_now
from server.options import SHORTEST_TOKEN, Options
from server.plans.planning import optimise_any
from server.settings.home import Settings
from server.sources.actions import PRICE_ACTIONS
from server.telling.acting import DURATION, call_for
from server.telling.command import Command
from server.telling.entities import entities_of
from server.telling.publish import DISCOVERY_TOPIC, LIFETIME, TOPICS, entity_id
from tests.addon.conftest import ROOT
from tests.addon.test_files import ADDON, CONFIG
from tests.controller.processes import planned_home
from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call

DOCS = (ADDON / "DOCS.md").read_text()
README = (ROOT / "README.md").read_text()
SECURITY = (ROOT / "docs/SECURITY.md").read_text()


def options_table(text):
    """Default and explanation of every option in the table of a document."""
    table = re.search(r"\| option \| default \|.*?\n((?:\|.*\n)+)", text)[1]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", table, re.M)
    return {name: (default.strip("`"), what) for name, default, what in rows}


@pytest.mark.parametrize("text", [DOCS, README], ids=["DOCS.md", "README.md"])
def test_the_table_of_options_is_that_of_config_yaml(text):
    table = options_table(text)

    assert set(table) == set(CONFIG["schema"])
    for name, (default, what) in table.items():
        kept = CONFIG["options"].get(name, "empty")
        assert default == (str(kept).lower() if isinstance(kept, bool) else str(kept))
        kind, _, inside = CONFIG["schema"][name].rstrip(")?").partition("(")
        if kind == "list":
            assert all(f"`{choice}`" in what for choice in inside.split("|"))
        if kind == "int":
            assert all(bound in what for bound in inside.split(","))
    assert str(SHORTEST_TOKEN) in table["api_token"][1]


@pytest.mark.parametrize("text", [DOCS, README], ids=["DOCS.md", "README.md"])
def test_the_repository_and_the_names_are_ours(text):
    addresses = set(re.findall(r"https://github\.com/[\w./-]+", text))
    files = f"{CONFIG['url']}/blob/main/"
    named = {address.removeprefix(files) for address in addresses if address.startswith(files)}

    assert CONFIG["url"] in addresses
    pages = {address for address in addresses if not address.startswith(files)}
    assert pages <= {CONFIG["url"], "https://github.com/bolagnaise/PowerSync"}
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert f"**{CONFIG['name']}**" in text


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "docs/reliability.md", "docs/SECURITY.md", "docs/replies.md"],
)
def test_files_that_a_document_names_exist(name):
    text = (ROOT / name).read_text()
    packages = "optimiser|matrix_builders|server|tests|benchmarks|addon|docs|examples"

    named = set(re.findall(rf"`((?:{packages})/[\w./-]*)`", text))
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^):]+)\)", text)} - {""}

    assert [path for path in named if not (ROOT / path).exists()] == []
    assert [path for path in linked if not ((ROOT / name).parent / path).exists()] == []


def test_the_first_request_of_the_readme_gets_the_answer_that_it_tells():
    body = re.search(r"-d '(\{\n.*?\n\})'", README, re.DOTALL)[1]

    reply = optimise_any(body.encode(), Options(), utc_now)

    assert f'"action": {json.dumps([str(action) for action in reply.schedule.action])}' in README
    assert f"`total_cost` of {reply.summary.total_cost} with" in README
    assert f"`baseline_cost` of {reply.summary.baseline_cost}." in README


def test_the_example_of_the_library_runs(capsys):
    pytest.importorskip("pandas", reason="the example uses pandas")
    pytest.importorskip("matplotlib", reason="the example plots").use("Agg")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}

    exec(code, names)

    best = names["best"]
    assert best.status == "optimal"
    assert best.money.savings_vs_self_consumption > 0.1
    assert "Charge" in capsys.readouterr().out


def test_the_change_log_is_a_kept_one():
    """As keepachangelog.com has it: newest first, dated, by kinds of change, versions linked."""
    text = (ROOT / "CHANGELOG.md").read_text()
    head, *versions = re.split(r"^## ", text, flags=re.MULTILINE)
    titles = [version.partition("\n")[0] for version in versions]
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))

    assert head.startswith("# Changelog\n")
    assert titles[0] == "[Unreleased]"
    dated = [re.fullmatch(r"\[([\w.-]+)\] - (\d{4}-\d\d-\d\d)", title) for title in titles[1:]]
    assert all(dated)
    assert dated[0][1] == CONFIG["version"]
    assert [match[2] for match in dated] == sorted((match[2] for match in dated), reverse=True)
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    linked = set(re.findall(r"^\[(.*?)\]: https://\S+$", text, re.MULTILINE))
    assert linked == {title[1:].partition("]")[0] for title in titles}


def test_the_change_log_of_the_addon_is_for_its_users():
    """Supervisor shows it before an update: short, and of nothing that its reader has not seen."""
    text = (ADDON / "CHANGELOG.md").read_text()

    assert re.search(
        rf"^## {re.escape(CONFIG['version'])} - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE
    )
    assert len(text.splitlines()) < 80
    for word in ("HiGHS", "scipy", "certificate", "kernel", "endpoint", "value function", "Python"):
        assert word not in text
    assert set(re.findall(r"`(\w+_\w+)`", text)) - set(CONFIG["options"]) == {"self_consumption"}


def test_the_panel_and_the_slug_are_called_so():
    assert f"**{CONFIG['panel_title']}**" in DOCS
    assert f"`{CONFIG['slug']}`" in DOCS


def test_the_ports_are_those_of_the_server():
    ports = {int(port) for port in re.findall(r"^\| (\d+) \|", DOCS, re.M)}

    assert ports == {DEFAULT_PORT, DEFAULT_UI_PORT}
    assert set(re.findall(r"\b(\d+)/tcp\b", DOCS)) == {
        port.partition("/")[0] for port in CONFIG["ports"]
    }


def test_following_it_leads_to_a_first_plan(installed, tmp_path):
    """The lines of the log and the answers that DOCS.md promises, as they come."""
    promised = re.findall(r"`(PowerSync Optimiser … listens on [^`]*)`", DOCS)
    request_line = re.search(r"^request (method=POST path=(\S+) status=200) …$", DOCS, re.M)
    health = re.search(r"/health`.*?`\{(.*?), …\}`", DOCS, re.S)[1]

    with running_server(tmp_path, "--addon", folder=installed) as server:
        healthy = call(server, "/health")
        call(server, request_line[2], small_request())
        up = f"listens on 127.0.0.1:{server.port}"

    assert [line.rpartition(":")[2] for line in promised] == [str(DEFAULT_PORT)]
    assert up in server.log
    assert f"request {request_line[1]}" in server.log
    assert health == f'"status": "{healthy["status"]}"'


def settings_with(batteries, cars):
    """Settings of a home with so many of each, a load and a store of heat."""
    storage = {"capacity_kwh": 10.0, "charge_kw": 5.0}
    battery = {**storage, "discharge_kw": 5.0, "soc": "sensor.soc"}
    raw = {
        "import_price": {"source": {"from": "fixed", "price": 0.3}},
        "batteries": [battery] * batteries,
        "cars": [storage] * cars,
        "loads": [{"power_kw": 2.0, "energy_kwh": 1.0}],
        "heat": [{"power_kw": 2.0, "capacity_kwh": 8.0, "level": "sensor.water"}],
    }
    return msgspec.convert(raw, Settings)


def test_the_entities_of_the_table_are_those_of_a_home():
    """Of several batteries and cars, the first."""
    rows = re.search(r"^\| entity \| .*?\n((?:\|.*\n)+)", DOCS, re.M)[1]
    told = re.findall(r"`(\w+\.powersync_optimiser_\w+)`", rows)

    ours = {entity_id(entity) for entity in entities_of(settings_with(2, 1), "EUR")}
    assert sorted(told) == sorted(ours - {"sensor.powersync_optimiser_battery_2"})
    assert f"for {LIFETIME.total_seconds() / 60:.0f} minutes" in DOCS


def test_the_actions_and_their_bounds_are_those_of_the_server():
    minutes = [round(span.total_seconds() / 60) for span in (DURATION, FRESH, CARRIED)]
    settings = msgspec.structs.replace(settings_with(1, 0).acting, action="script.battery")
    powersync = msgspec.structs.replace(settings, preset="powersync")
    commands = [
        Command(action, 3000.0, utc_now(), 0.5) for action in ("charge", "normal", "export", "hold")
    ]

    assert f"lasts at most {minutes[0]} minutes" in " ".join(DOCS.split())
    assert (
        f"older than {minutes[1]} minutes is carried on by the plan for {minutes[2]} minutes"
        in (" ".join(DOCS.split()))
    )
    assert f"for more than {minutes[1] + minutes[2]} minutes" in DOCS
    own = call_for(settings, commands[0], 20)[1]["variables"]
    assert all(f"`{name}`" in DOCS for name in own)
    for text in (DOCS, SECURITY):
        called = [call_for(powersync, command, 20)[0].partition(".")[2] for command in commands]
        assert all(name in text for name in called)


def source_of_the_server():
    """All texts that people may read, as one; parts of a text that follow each other are joined."""
    files = [*(ROOT / "server").rglob("*.py"), *(ROOT / "server/page/static").rglob("*.js")]
    return " ".join(re.sub(r'"\s*\n\s*f?"', "", path.read_text("utf-8")) for path in files)


def test_what_the_page_says_is_what_it_says():
    """Every quotation of the table of troubles, between its gaps."""
    quoted = re.findall("^\\| “(.*?)” \\|", DOCS, re.M)
    parts = [part.strip(" ;.,(") for text in quoted for part in text.split("…")]
    source = source_of_the_server()

    assert len(quoted) > 10
    assert [part for part in parts if part not in source] == []


@pytest.mark.parametrize(
    "words",
    [
        "Set up my home", "Found", "To fill in", "Details", "Confirm and plan", "Look again",
        "Commands", "by PowerSync's actions", "Take everything from PowerSync",
        "CSV of these days", "Delete the books…", "Home", "Plan", "History", "Set-up",
        "Charge", "Normal", "Export", "Hold", "prices in entities I name",
    ],
)  # fmt: skip
def test_the_words_in_bold_are_those_of_the_page(words):
    texts = (ROOT / "server/page/static/home/texts.js").read_text("utf-8")

    assert f'"{words}"' in texts
    assert re.search(rf"\*\*[^*]*{re.escape(words)}", DOCS.replace("\n", " "))


def test_the_flags_of_the_readme_are_those_of_the_server():
    parser = argparse.ArgumentParser()
    add_serve_arguments(parser)
    section = re.search(r"^## At home$(.*?)^## ", README, re.M | re.S)[1]
    named = set(re.findall(r"--[a-z-]+", section))

    assert named == {"--home-assistant", "--token-file", "--data"}
    assert named <= {flag for action in parser._actions for flag in action.option_strings}
    assert str(USER_DATA) in section


def test_what_is_read_and_written_is_said():
    """The topics, actions and folder of docs/SECURITY.md."""
    assert all(f"`{action.action}`" in SECURITY for action in PRICE_ACTIONS)
    assert all(f"`{topic}`" in SECURITY for topic in (*TOPICS, DISCOVERY_TOPIC))
    assert f"`{ADDON_DATA}`" in SECURITY


def test_a_home_is_planned_for_as_the_documents_tell(tmp_path):
    """From the connection to the first plan: its lines of the log, and the files that it keeps."""
    promised = re.search(r"`(Home Assistant: connected, version )…`", DOCS)[1]
    rows = re.search(r"^\| file \| .*?\n((?:\|.*\n)+)", SECURITY, re.M)[1]
    named = re.findall(r"`([\w….-]+)`", rows)
    patterns = [re.escape(name).replace("…", r"\w+") for name in named]
    files = "|".join([*patterns, *(rf"books-\w+\.db{end}" for end in ("-wal", "-shm"))])

    with planned_home(tmp_path) as (fake, _loop, server, visitor):
        visitor.until(lambda status: status["link"]["connected"])
        assert "mqtt.publish" not in json.dumps(fake.calls), "something is written before"
        visitor.set_up(acting={"action": "script.battery"})
        kept = [path.name for path in (tmp_path / "data").iterdir()]

        assert promised in server.log
        assert fake.token not in server.log
    assert [name for name in kept if not re.fullmatch(files, name)] == []
    assert {"settings.json", "lock"} <= set(kept)
    assert all(
        fake.token not in path.read_text("latin-1") for path in (tmp_path / "data").iterdir()
    )
