"""Bodies that are no request, and requests that are no business of ours."""

import asyncio
import gzip
import http.client
import io
import json

import pytest

from tests.end_to_end import plan_of, post, refusal_of, small_request, strict_json, warned

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "body: must be a JSON object, got nothing"),
        (b" \n ", "body: must be a JSON object, got nothing"),
        (b"[]", "body: must be a JSON object, got a list"),
        (b'"prices"', "body: must be a JSON object, got 'prices'"),
        (b"5", "body: must be a JSON object, got 5"),
        (b"NaN", "body: must be a JSON object, got nan"),
        (b"true", "body: must be a JSON object, got true"),
        (b"null", "body: must be a JSON object, got null"),
        (b"prices", "body: must be JSON, got something else at line 1, column 1"),
        (b'{"a": 1,\n "b": }', "body: must be JSON, got something else at line 2, column 7"),
        (b"{} {}", "body: must be JSON, got something else at line 1, column 4"),
        (b"{'a': 1}", "body: must be JSON, got something else at line 1, column 2"),
        (b'{"a": "\xff"}', "body: must be UTF-8, got another byte at 7"),
        (b"\x80\x81", "body: must be UTF-8, got another byte at 0"),
        (b"[" * 100_000, "body: must not be nested so deeply"),
        (b'{"a":' * 100_000, "body: must not be nested so deeply"),
        (b'{"prices_import":' + b"[" * 100_000, "body: must not be nested so deeply"),
        (
            b'{"x": NaN, "prices_import": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "body: must not be nested so deeply",
        ),
        (b'{"\\ud800": 1, "prices_import": [1]}', "body: must be Unicode text, got half a"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_a_body_that_is_no_request_is_refused_in_words(client, body, error):
    assert (await refusal_of(client, body)).startswith(error)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
async def test_a_body_may_be_any_unicode_with_or_without_a_mark(client, encoding):
    body = json.dumps(small_request()).encode(encoding)

    reply = await plan_of(client, body, small_request())

    assert reply["warnings"] == []


async def test_of_a_key_sent_twice_the_last_one_counts(client):
    body = json.dumps(small_request()).encode()[:-1] + b', "interval_minutes": 15}'

    reply = await plan_of(client, body, small_request(interval_minutes=15))

    assert reply["warnings"] == []


async def test_an_integer_of_ten_thousand_digits_is_one_bad_entry(client):
    sent = json.dumps(small_request(load_forecast=[800] * 6 + [123456789, 800]))
    body = sent.replace("123456789", "1" * 10_000).encode()

    reply = await plan_of(client, body, small_request())

    assert warned(reply) == [("interpolated", "load_forecast")]


@pytest.mark.parametrize(
    ("headers", "got"),
    [
        ({"Content-Type": "text/plain"}, "'text/plain'"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "'application/x-www-form-"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "'multipart/form-data"),
        ({"Content-Type": ""}, "''"),
    ],
)
async def test_another_content_type_is_415(client, headers, got):
    response = await client.post("/optimize", data=b"{}", headers=headers)

    error = strict_json(await response.read())["error"]
    assert response.status == 415
    assert error.startswith(f"Content-Type: must be application/json, got {got}")


async def test_a_charset_may_be_named(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}

    response = await client.post(
        "/optimize", data=json.dumps(small_request()).encode(), headers=headers
    )

    assert response.status == 200


async def test_a_zipped_body_is_read(client):
    body = gzip.compress(json.dumps(small_request()).encode())

    response = await client.post(
        "/optimize", data=body, headers={**JSON, "Content-Encoding": "gzip"}
    )

    assert response.status == 200


async def test_a_body_zipped_by_name_only_is_refused(client):
    body = json.dumps(small_request()).encode()

    response = await client.post(
        "/optimize", data=body, headers={**JSON, "Content-Encoding": "gzip"}
    )

    error = strict_json(await response.read())["error"]
    assert response.status == 400
    assert error == "body: must be encoded as Content-Encoding says, 'gzip'"


@pytest.mark.parametrize("size", [2 * 2**20 + 1, 20 * 2**20])
async def test_a_large_body_is_413(client, size):
    response = await client.post("/optimize", data=io.BytesIO(b" " * size), headers=JSON)

    error = strict_json(await response.read())["error"]
    assert response.status == 413
    assert error == "body: must be at most 2 MiB, got more"


async def test_a_body_just_under_the_cap_is_read(client):
    body = json.dumps(small_request()).encode().ljust(2 * 2**20)

    response = await client.post("/optimize", data=io.BytesIO(body), headers=JSON)

    assert response.status == 200


BIG = 100 * 2**20
MOST_GROWTH = 50  # MiB


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "zipped"])
def test_a_hundred_megabytes_leave_the_memory_flat(server_process, zipped):
    piece = bytes(2**20)
    pieces = [gzip.compress(bytes(BIG))] if zipped else (piece for _ in range(BIG // len(piece)))
    headers = {**JSON, "Content-Encoding": "gzip"} if zipped else JSON
    connection = http.client.HTTPConnection("127.0.0.1", server_process.port, timeout=20)
    before = server_process.memory("VmHWM")

    status, reply = _stream(connection, pieces, headers)

    assert server_process.memory("VmHWM") - before < MOST_GROWTH
    assert (status, reply["success"]) == (413, False)


def _stream(connection, pieces, headers):
    connection.request("POST", "/optimize", pieces, headers, encode_chunked=True)
    response = connection.getresponse()
    reply = response.status, json.loads(response.read())
    connection.close()
    return reply


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/optimize", {"POST"}),
        ("PUT", "/optimize", {"POST"}),
        ("DELETE", "/optimize", {"POST"}),
        ("OPTIONS", "/optimize", {"POST"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("POST", "/status", {"GET", "HEAD"}),
        ("PATCH", "/openapi.json", {"GET", "HEAD"}),
    ],
)
async def test_another_method_is_405_and_told_which(client, method, path, allowed):
    response = await client.request(method, path)

    reply = strict_json(await response.read())
    assert response.status == 405
    assert set(response.headers["Allow"].split(",")) == allowed
    assert reply["success"] is False
    assert reply["error"].startswith(f"{method} {path}: method must be ")


@pytest.mark.parametrize("path", ["/", "/optimise", "/optimize/", "/health/x", "/%0a", "/a" * 900])
async def test_an_unknown_path_is_404(client, path):
    status, reply = await post(client, {}, path=path)

    assert status == 404
    assert reply["error"].endswith("not found") or len(path) > 100
    assert len(reply["error"]) < 200


async def test_head_works_where_get_does(client):
    response = await client.head("/health")

    assert response.status == 200


async def test_what_nobody_foresaw_is_a_500_in_json_and_a_traceback_in_the_log(
    client, monkeypatch, caplog
):
    def breaks(*_, **__):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("server.plans.planning.plan", breaks)
    error = await refusal_of(client, small_request(), status=500)
    monkeypatch.undo()

    assert error == "POST /optimize: failed, see the log"
    assert "ZeroDivisionError: a secret" in caplog.text
    await plan_of(client, small_request())


async def test_a_client_that_leaves_early_does_no_harm(client):
    requests = [
        asyncio.create_task(post(client, small_request(200, interval_minutes=5))) for _ in range(6)
    ]
    await asyncio.sleep(0.01)

    for request in requests:
        request.cancel()
    await asyncio.gather(*requests, return_exceptions=True)

    await plan_of(client, small_request())
