"""The application over HTTP, its clock stopped."""

import pytest
from aiohttp.test_utils import TestServer

from server.http.app import create_app
from server.options import Options
from tests.end_to_end import NOW, SYDNEY
from tests.server.processes import running_server


@pytest.fixture
def serve(aiohttp_client):
    """Start the application with options and a time."""

    async def started(*, now=NOW, zone=SYDNEY, **options):
        server = TestServer(create_app(Options(zone=zone, **options), clock=lambda: now))
        await server.start_server(auto_decompress=False)  # as `server.serve` has it
        return await aiohttp_client(server)

    return started


@pytest.fixture
async def client(serve):
    return await serve()


@pytest.fixture(scope="module")
def server_process(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server
