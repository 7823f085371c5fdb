"""The real process: up at once, down at once, and one clear line where it cannot be."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from benchmarks.days import synthetic_request
from server.options import Options
from server.serve import Addresses, serve
from tests.end_to_end import small_request
from tests.reference import violations
from tests.server.processes import ROOT, free_port, running_server

ENDS_WITHIN = 10.0  # s; Supervisor kills after that


def call(server, path, body=None, token=None):
    raw = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(server.url + path, data=raw, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def in_background(server, body):
    """Post without waiting; whatever becomes of it is of no interest."""

    def post():
        try:
            call(server, "/optimize", body)
        except (OSError, urllib.error.URLError):
            return

    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    return thread


def test_a_process_with_an_options_file_plans_and_ends_on_request(tmp_path):
    options = tmp_path / "options.json"
    options.write_text('{"optimization_interval": 15, "timezone": "Europe/London", "horizon": 1}')
    request = small_request(start_time="2026-07-01T10:05:00")
    del request["interval_minutes"]

    with running_server(tmp_path, "--options", options) as server:
        status = call(server, "/status")
        reply = call(server, "/optimize", request)
        after = call(server, "/status")
        code = server.end(ENDS_WITHIN)

    assert status["config"]["optimization_interval"] == 15
    assert status["last_plan"] is None
    assert violations({**request, "interval_minutes": 15}, reply) == []
    assert reply["schedule"]["timestamps"][0] == "2026-07-01T10:05:00+01:00"
    assert after["last_plan"]["intervals"] == 8
    assert code == 0
    assert server.log.count("option horizon is unknown") == 1
    assert "Traceback" not in server.log
    assert server.log.rstrip().endswith("stopped")


def test_the_log_has_one_line_for_a_plan_and_none_for_a_health_check(server_process):
    before = server_process.log

    call(server_process, "/health")
    call(server_process, "/optimize", small_request())

    (line,) = server_process.log[len(before) :].splitlines()
    assert "method=POST path=/optimize status=200" in line
    assert "intervals=8" in line


def test_a_second_process_on_the_port_says_so_and_ends(server_process):
    arguments = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--port"]

    second = subprocess.run(
        [*arguments, str(server_process.port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    errors = [line for line in second.stdout.splitlines() if " ERROR " in line]
    assert second.returncode == 1
    assert len(errors) == 1
    assert f"cannot listen on 127.0.0.1:{server_process.port}: Address already in use" in errors[0]
    assert " listens on " not in second.stdout
    assert "Traceback" not in second.stdout + second.stderr


def test_a_host_that_is_nobody_is_one_line_too(caplog):
    nobody = Addresses(host="host.invalid", port=free_port(), page_port=free_port())

    assert serve(Options(), nobody) == 1

    (line,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert line.startswith("cannot listen on host.invalid:")


def test_a_signal_in_the_middle_of_solves_ends_the_process_soon(tmp_path):
    heavy = synthetic_request(1, 2880, 1, kind="negative_midday")

    with running_server(tmp_path) as server:
        posts = [in_background(server, heavy) for _ in range(6)]
        deadline = time.monotonic() + 10
        while call(server, "/status")["queue"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        code = server.end(ENDS_WITHIN)

    assert code == 0
    for post in posts:
        post.join(5)


def test_a_half_sent_request_does_not_hold_up_the_end(tmp_path):
    with (
        running_server(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port)) as held,
    ):
        held.sendall(b"POST /optimize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")  # fmt: skip
        time.sleep(0.05)

        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(ENDS_WITHIN)

    assert code == 0
