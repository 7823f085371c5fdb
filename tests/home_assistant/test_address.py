import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home_assistant.address import Address, address_from

SECRET = "eyJ0b2tlbg.secret"


def test_the_add_on_uses_supervisors_proxy_and_token():
    address = address_from(None, {"SUPERVISOR_TOKEN": SECRET}, None)

    assert address == Address(
        "http://supervisor/core/api", "ws://supervisor/core/websocket", SECRET, True
    )


def test_without_url_and_supervisor_there_is_no_address():
    assert address_from(None, {"HOME_ASSISTANT_TOKEN": SECRET}, None) is None


@pytest.mark.parametrize(
    ("url", "http", "websocket"),
    [
        ("http://ha:8123", "http://ha:8123/api", "ws://ha:8123/api/websocket"),
        ("http://ha:8123/", "http://ha:8123/api", "ws://ha:8123/api/websocket"),
        ("http://ha:8123/api/", "http://ha:8123/api", "ws://ha:8123/api/websocket"),
        ("https://ha.example/x", "https://ha.example/x/api", "wss://ha.example/x/api/websocket"),
        ("http://[fe80::1]:8123", "http://[fe80::1]:8123/api", "ws://[fe80::1]:8123/api/websocket"),
    ],
)
def test_a_url_gives_both_roots(url, http, websocket):
    address = address_from(url, {"HOME_ASSISTANT_TOKEN": SECRET, "SUPERVISOR_TOKEN": "x"}, None)

    assert (address.http, address.websocket) == (http, websocket)
    assert address.token == SECRET
    assert not address.from_supervisor


def test_the_file_of_the_token_precedes_the_environment(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"  {SECRET}\n")

    address = address_from("http://ha", {"HOME_ASSISTANT_TOKEN": "other"}, file)

    assert address.token == SECRET


def test_the_token_is_not_shown():
    assert SECRET not in repr(address_from(None, {"SUPERVISOR_TOKEN": SECRET}, None))


@pytest.mark.parametrize(
    "url", ["", "ha:8123", "ftp://ha", "http://", "http://ha:99999", f"http://me:{SECRET}@ha"]
)
def test_what_is_no_url_is_refused_without_a_secret(url):
    with pytest.raises(ValueError, match="URL") as refused:
        address_from(url, {"HOME_ASSISTANT_TOKEN": SECRET}, None)

    assert SECRET not in str(refused.value)


def test_a_url_without_a_token_is_refused():
    with pytest.raises(ValueError, match="a token is needed"):
        address_from("http://ha", {"SUPERVISOR_TOKEN": SECRET}, None)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"missing: No such file"):
        address_from("http://ha", {}, tmp_path / "missing")


@given(st.text(min_size=1))
def test_a_token_is_one_word_or_refused_without_it(token):
    with contextlib.suppress(ValueError):
        address = address_from("http://ha", {"HOME_ASSISTANT_TOKEN": token}, None)
        assert address.token == token.strip()
        assert not set(address.token) & set(" \n\r\0")
