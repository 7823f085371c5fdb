"""The page: its own port, its own visitors, nothing but its own files."""

import re
import socket
import urllib.request

import pytest

from server.http import keys
from server.http.app import create_app
from server.page import SUPERVISOR, create_page
from server.page.site import STATIC
from tests.server.processes import running_server
from tests.server.test_process import call

URLS = re.compile(r"""(?:href|src)=["']([^"']*)["']|fetch\(["']([^"']*)["']""")


@pytest.fixture
async def page(aiohttp_client):
    api = create_app()
    yield await aiohttp_client(create_page(api))
    api[keys.STATE].worker.close()


async def test_the_page_opens_under_a_strict_policy(page):
    response = await page.get("/")

    policy = response.headers["Content-Security-Policy"]
    assert response.status == 200
    assert "PowerSync Optimiser" in await response.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_every_url_of_the_page_is_relative_and_answers(page):
    texts = [path.read_text() for path in STATIC.rglob("*") if path.suffix in {".html", ".js"}]
    urls = {link or fetched for text in texts for link, fetched in URLS.findall(text)}

    assert "status.json" in urls
    for url in urls:
        assert not url.startswith(("/", "http", "//"))
        assert (await page.get("/" + url)).status == 200


async def test_what_is_not_there_is_a_404_under_the_same_policy(page):
    response = await page.get("/static/../../options.py")

    assert response.status == 404
    assert "Content-Security-Policy" in response.headers


async def test_nothing_can_be_changed_without_the_token_of_the_page(page):
    for path in ("/", "/optimize", "/setup", "/control", "/books/delete"):
        assert (await page.post(path, json={})).status == 403


async def test_only_supervisor_sees_the_page_of_the_addon(aiohttp_client):
    api = create_app()
    stranger = await aiohttp_client(create_page(api, SUPERVISOR))

    refused = await stranger.get("/status.json")

    assert refused.status == 403
    assert await refused.text() == "The page is shown by Home Assistant only.\n"
    api[keys.STATE].worker.close()


async def test_a_name_of_the_internet_does_not_open_the_page(page):
    refused = await page.get("/status.json", headers={"Host": "rebound.example"})

    assert refused.status == 403
    assert (await page.get("/status.json", headers={"Host": "localhost:8099"})).status == 200


def test_a_running_server_serves_api_and_page(server_process):
    url = f"http://127.0.0.1:{server_process.page_port}"

    with urllib.request.urlopen(f"{url}/status.json") as response:
        assert b"solvers" in response.read()


def test_a_taken_page_port_costs_the_page_and_not_the_plans(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with running_server(tmp_path, "--ui-port", port) as server:
            assert call(server, "/health")["status"] == "healthy"

    assert server.log.count(f"no page on 127.0.0.1:{port}: Address already in use") == 1


async def test_a_page_without_a_home_says_why(page):
    home = await (await page.get("/home.json")).json()

    assert home["has_home"] is False
    assert "without --home-assistant URL" in home["why"]
