"""Tables in memory, and books in a folder."""

import sqlite3
from importlib.resources import files

import pytest

from server.books.books import Books


def tables():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(files("server.books").joinpath("schema.sql").read_text())
    return connection


@pytest.fixture
def connection():
    connection = tables()
    yield connection
    connection.close()


@pytest.fixture
async def books(tmp_path):
    books = await Books.open(tmp_path / "books")
    yield books
    await books.close()
