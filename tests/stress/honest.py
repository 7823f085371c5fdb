"""An honest client: small plans and `/health`, one after the other, every time noted."""

import http.client
import json
import time

from tests.end_to_end import small_request

PAUSE = 0.01  # s
TIMEOUT = 60.0  # s; as the PowerSync client


def watch(port, seconds):
    """Times of each kind of request, and what went wrong with any.

    A plan that is refused as too much is asked for again, as the reply says; it counts from the
    first time it was asked for.
    """
    times, wrong = {"/health": [], "/optimize": []}, []
    body = json.dumps(small_request())
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for method, path in (("GET", "/health"), ("POST", "/optimize")):
            began = time.perf_counter()
            try:
                outcome = ask(port, method, path, body)
            except OSError as error:
                outcome = repr(error)
            times[path].append(time.perf_counter() - began)
            if outcome != 200:
                wrong.append(f"{path}: {outcome} after {times[path][-1]:.1f} s")
            time.sleep(PAUSE)
    return times, wrong


def ask(port, method, path, body):
    """Status of one request on a connection of its own; busy ones are asked again."""
    for _ in range(10):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, body if method == "POST" else None, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 503:
            break
        time.sleep(float(response.headers["Retry-After"]))
    return response.status


def percentile(times, share):
    """A percentile of some times. [ms]"""
    return 1000.0 * sorted(times)[min(len(times) - 1, int(share * len(times)))]
