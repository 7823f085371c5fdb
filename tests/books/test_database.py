"""Generations of files: what is set aside, what is taken in its place, and what stays bounded."""

import errno
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.books import database as database_module
from server.books.database import BooksError, Database
from server.books.entries import VirtualEntry
from server.books.plans import write_plan
from server.books.records import virtual_rows, write_readings, write_virtual
from tests.books.homes import plan, reading, start_of

LOG = 2**17


def fill(folder, count, first=0):
    with closing(Database(folder, LOG)) as database:
        for number in range(first, first + count):
            with database.transaction() as connection:
                write_readings(connection, [reading(number)])
                write_plan(connection, plan(number))
            database.renew_if_large()


def count_in(folder):
    with closing(Database(folder)) as database:
        (count,) = database.connection.execute("SELECT count(*) FROM interval").fetchone()
        return count, database.problem


def generations(folder):
    return sorted(folder.glob("books-*.db"), key=lambda path: int(path.name[6:-3]))


def test_generations_follow_each_other_and_two_are_kept(tmp_path):
    fill(tmp_path, 40)

    assert len(generations(tmp_path)) == 2
    assert generations(tmp_path)[-1].name != "books-2.db"
    assert count_in(tmp_path) == (40, None)


def test_files_that_somebody_deletes_while_they_are_open_are_written_anew(tmp_path):
    with closing(Database(tmp_path, LOG)) as database:
        for number in range(6):
            with database.transaction() as connection:
                write_readings(connection, [reading(number)])
            if number == 3:
                for path in tmp_path.glob("books-*"):
                    path.unlink()
            database.renew_if_large()

    assert count_in(tmp_path) == (6, None)


def test_a_database_is_never_written_to_while_it_is_open(tmp_path):
    with closing(Database(tmp_path, LOG)) as database:
        seen = {}
        for number in range(40):
            with database.transaction() as connection:
                write_readings(connection, [reading(number)])
                write_plan(connection, plan(number))
            database.renew_if_large()
            for path in generations(tmp_path):
                assert seen.setdefault(path, path.read_bytes()) == path.read_bytes()
    assert len(seen) > 2


def write_day(database, day):
    with database.transaction() as connection:
        write_readings(connection, [reading(n) for n in range(288 * day, 288 * day + 288)])
        write_plan(connection, plan(288 * day))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_copy_made_while_writing_is_whole_and_holds_all_that_was_there(tmp_path, data):
    """Files in any order, and any number of days between two of them."""
    folder, copied = tmp_path / "books", tmp_path / "copy"
    for place in (folder, copied):
        shutil.rmtree(place, ignore_errors=True)
    copied.mkdir()
    with closing(Database(folder, LOG)) as database:
        before = day = data.draw(st.integers(0, 4))
        for number in range(before):
            write_day(database, number)
            database.renew_if_large()
        newest = generations(folder)[-1]
        for name in data.draw(st.permutations(sorted(path.name for path in folder.iterdir()))):
            for _ in range(data.draw(st.integers(0, 3))):
                write_day(database, day)
                day += 1
            if generations(folder)[-1] == newest:  # a backup is shorter than a generation
                database.renew_if_large()
            if (folder / name).exists():
                shutil.copy(folder / name, copied / name)

    with closing(Database(copied)) as database:
        assert database.problem is None
        one = database.connection
        assert one.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        starts = [start for (start,) in one.execute("SELECT start FROM interval ORDER BY start")]
        assert starts == [start_of(n).timestamp() for n in range(len(starts))]
        assert 288 * before <= len(starts) <= 288 * day
        assert one.execute("SELECT count(*) FROM plan").fetchone() == (len(starts) // 288,)


def test_to_write_the_same_again_takes_no_room(tmp_path):
    with closing(Database(tmp_path)) as database:
        sizes = []
        for _ in range(3):
            with database.transaction() as connection:
                write_readings(connection, [reading(n) for n in range(40)])
            sizes.append((tmp_path / "books-1.db-wal").stat().st_size)

    assert sizes == [sizes[0]] * 3


@pytest.mark.parametrize("damage", [b"", b"no database", None, bytes(2**15)])
def test_a_damaged_generation_is_set_aside_and_the_one_before_is_taken(tmp_path, damage):
    fill(tmp_path, 40)
    newest = generations(tmp_path)[-1]
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) // 2] if damage is None else damage)

    count, problem = count_in(tmp_path)

    assert 0 < count < 40
    assert problem.startswith("The books are damaged")
    assert f"{newest.name}.unused" in problem
    assert (tmp_path / f"{newest.name}.unused").exists()
    assert count_in(tmp_path) == (count, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), size=st.integers(1, 4096), seed=st.binary(min_size=1, max_size=8))
def test_damage_anywhere_leaves_books_that_open(tmp_path, place, size, seed):
    filled, folder = tmp_path / "filled", tmp_path / "books"
    if not filled.exists():
        fill(filled, 15)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(filled, folder)
    newest = generations(folder)[-1]
    content = bytearray(newest.read_bytes())
    begin = int(place * (len(content) - 1))
    content[begin : begin + size] = (seed * size)[: len(content[begin : begin + size])]
    newest.write_bytes(content)

    fill(folder, 3, first=100)

    assert count_in(folder)[0] >= 3


def test_books_of_a_newer_release_are_set_aside(tmp_path):
    fill(tmp_path, 3)
    with closing(sqlite3.connect(generations(tmp_path)[-1])) as connection:
        connection.execute("PRAGMA user_version = 99")

    count, problem = count_in(tmp_path)

    assert count == 0
    assert "newer release (tables of version 99)" in problem


def begin_version_1(folder):
    """Books of the first release, with one interval in them."""
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "books-1.db")) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x50534F42;"
            f"PRAGMA user_version = 1;{Path(__file__).with_name('schema_1.sql').read_text()}"
        )
        write_readings(connection, [reading(0)])
        connection.commit()


def test_books_of_an_older_release_are_given_what_they_lack(tmp_path):
    begin_version_1(tmp_path)

    for number in (1, 2):
        fill(tmp_path, 1, first=number)
        with closing(Database(tmp_path)) as database:
            write_virtual(database.connection, [VirtualEntry(start=start_of(number), socs=[0.5])])
            assert virtual_rows(database.connection, 0, 2**40)[0].socs == [0.5]

    assert count_in(tmp_path) == (3, None)
    assert generations(tmp_path) == [tmp_path / "books-1.db"]


def test_a_failure_while_they_are_given_it_leaves_them_as_they_were(tmp_path, monkeypatch):
    begin_version_1(tmp_path)
    whole = database_module._schema()
    monkeypatch.setattr(database_module, "_schema", lambda: f"{whole}no statement;")
    monkeypatch.setattr(database_module, "_fault_of_tables", lambda *_: None)
    with pytest.raises(sqlite3.Error):
        Database(tmp_path)
    with closing(sqlite3.connect(tmp_path / "books-1.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert (
            connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'watched'").fetchall()
            == []
        )

    monkeypatch.undo()

    assert count_in(tmp_path) == (1, None)


@pytest.mark.parametrize("letter", [b"X", b"\x80", b" "])
@pytest.mark.parametrize("word", [b"solar REAL", b"start INTEGER", b"CHECK (number = 0)", b"made"])
def test_a_damaged_statement_is_found(tmp_path, word, letter):
    """No check of SQLite covers those: a column would have another name."""
    fill(tmp_path, 1)
    path = generations(tmp_path)[-1]
    content = path.read_bytes()
    assert word in content
    path.write_bytes(content.replace(word, word[:1] + letter + word[2:]))

    fill(tmp_path, 1, first=1)

    count, _ = count_in(tmp_path)
    assert count == 1
    assert list(tmp_path.glob("*.unused"))


def test_of_what_is_set_aside_the_last_two_are_kept(tmp_path):
    for _ in range(5):
        fill(tmp_path, 1)
        for path in generations(tmp_path):
            path.write_bytes(b"no database at all")
        count_in(tmp_path)

    assert len(list(tmp_path.glob("*.unused"))) == 2


def test_what_was_not_completed_is_removed(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "books-9.db.new").write_bytes(b"half")
    (tmp_path / "books-9.db.new-journal").write_bytes(b"half")

    assert count_in(tmp_path) == (1, None)
    assert list(tmp_path.glob("*.new*")) == []


def test_what_a_removal_left_half_done_is_removed(tmp_path):
    fill(tmp_path, 1)
    for name in ("books-7.db-wal", "books-7.db-shm"):
        (tmp_path / name).write_bytes(b"left")

    assert count_in(tmp_path) == (1, None)
    assert list(tmp_path.glob("books-7*")) == []


def test_after_damage_there_are_generations_again(tmp_path):
    fill(tmp_path, 40)
    generations(tmp_path)[-1].write_bytes(b"no database")
    (count, _) = count_in(tmp_path)

    fill(tmp_path, 40, first=100)

    assert count_in(tmp_path) == (count + 40, None)
    assert len(generations(tmp_path)) == 2


def test_a_second_server_is_refused(tmp_path):
    with closing(Database(tmp_path)), pytest.raises(BooksError, match="in use by another server"):
        Database(tmp_path)

    assert count_in(tmp_path) == (0, None)


@pytest.mark.parametrize("blocker", ["books-2.db.new", "books-2.db", "other.new"])
def test_whatever_hinders_a_renewal_no_reading_is_lost(tmp_path, blocker):
    with closing(Database(tmp_path, 1)) as database:
        (tmp_path / blocker).mkdir()
        for number in range(3):
            with database.transaction() as connection:
                write_readings(connection, [reading(number)])
            database.renew_if_large()

        assert "could not be written anew" in database.problem
        (tmp_path / blocker).rmdir()
    assert count_in(tmp_path) == (3, None)


def test_a_full_disk_stops_a_renewal_and_no_writing(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(Database(tmp_path, 2**16)) as database:
        monkeypatch.setattr("server.books.database._flush", refuse)
        for number in range(30):
            with database.transaction() as connection:
                write_plan(connection, plan(number))
                write_readings(connection, [reading(number)])
            database.renew_if_large()

        assert "No space left" in database.problem
        assert [path.name for path in generations(tmp_path)] == ["books-1.db"]
        monkeypatch.undo()
        for number in range(30, 60):
            with database.transaction() as connection:
                write_plan(connection, plan(number))
            database.renew_if_large()
        assert database.problem is None
    assert count_in(tmp_path) == (30, None)


def test_what_fails_is_undone(tmp_path):
    with closing(Database(tmp_path)) as database:
        with suppress(KeyError), database.transaction() as connection:
            write_readings(connection, [reading(0)])
            raise KeyError

        assert not database.connection.in_transaction
    assert count_in(tmp_path) == (0, None)


def test_deleted_books_leave_nothing_and_can_be_written(tmp_path):
    fill(tmp_path, 40)
    (tmp_path / "books-1.db.unused").touch()

    with closing(Database(tmp_path, LOG)) as database:
        database.delete()
        names = {path.name for path in tmp_path.iterdir()}

    assert names <= {"books-1.db", "books-1.db-wal", "books-1.db-shm", "lock"}
    assert count_in(tmp_path) == (0, None)
    fill(tmp_path, 2)
    assert count_in(tmp_path) == (2, None)
