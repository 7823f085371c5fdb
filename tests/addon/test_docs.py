"""What the documents tell is true: every name, port, path, option, request and line of the log."""

import json
import re

import pytest

from server.command_line import DEFAULT_PORT, DEFAULT_UI_PORT
from server.http.app import utc_now
from server.options import SHORTEST_TOKEN, Options
from server.plans.planning import optimise_any
from tests.addon.conftest import ROOT
from tests.addon.test_files import ADDON, CONFIG
from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call

DOCS = (ADDON / "DOCS.md").read_text()
README = (ROOT / "README.md").read_text()


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

    assert CONFIG["url"] in addresses
    assert addresses <= {CONFIG["url"], "https://github.com/bolagnaise/PowerSync"}
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
