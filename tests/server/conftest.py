"""Real processes, shared where they can be."""

import pytest

from tests.server.processes import running_server


@pytest.fixture(scope="session")
def server_process(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server
