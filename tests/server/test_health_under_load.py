"""`/health` answers in milliseconds while the solver has its hands full."""

import http.client
import json
import threading
import time

from benchmarks.days import synthetic_request

AT_ONCE = 4
MOST_P99 = 0.050  # s; the client gives up after 3


def test_health_answers_while_four_large_requests_are_planned(server_process):
    body = json.dumps(synthetic_request(2, 2880, 1)).encode()
    statuses, taken = [], []

    def plan():
        statuses.append(_call(server_process, "POST", "/optimize", body))

    threads = [threading.Thread(target=plan) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server_process.port, timeout=10)
    while any(thread.is_alive() for thread in threads):
        began = time.perf_counter()
        connection.request("GET", "/health")
        assert json.loads(connection.getresponse().read())["optimiser_available"] is True
        taken.append(time.perf_counter() - began)
        time.sleep(0.001)
    connection.close()

    assert statuses == [200] * AT_ONCE
    assert len(taken) >= 20
    assert sorted(taken)[int(0.99 * len(taken))] < MOST_P99


def _call(server, method, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status
