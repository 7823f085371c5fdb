"""The files of the books: SQLite in generations, each of which any copy leaves whole.

A generation is one database, `books-<number>.db`, with its write-ahead log.  What is written goes
to the end of the log and never into the database, so a copy of both, made in any order while they
are written to, holds all up to some transaction.  A checkpoint would break that.  In its place a
large log begins the next generation: a compact copy of all that is known, which is complete before
it gets its name.  The generation before stays as it is until the next one, for a copy that began
with it.  Its connection stays open as well: SQLite makes a checkpoint where the last one closes.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path

VERSION = 2
"""Of the tables."""

MOST_LOG = 16 * 2**20
"""Size of the log that begins a generation: a day and more, at 45 kB for each plan. [B]"""

_APPLICATION = 0x50534F42
"""Application id of our databases: PSOB."""

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF  # bits of an error code without its details
_MOST_SET_ASIDE = 2
_NAME = re.compile(r"books-(\d+)\.db")
_CACHE = 256  # KiB
_NO_CHECKPOINT_ON_CLOSE = 1006  # SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE


class BooksError(Exception):
    """Books that cannot be opened, read or written; the text is a sentence for the owner."""


class Database:
    """The newest whole generation in a folder.

    Parameters
    ----------
    folder : Path
        Made where there is none.
    most_log : int
        Size of the log that begins a generation. [B]

    Attributes
    ----------
    connection : sqlite3.Connection
        Of the generation in use.
    """

    def __init__(self, folder: Path, most_log: int = MOST_LOG) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._most_log = folder, most_log
        self._lost: str | None = None
        self._hindrance: str | None = None
        self._before: sqlite3.Connection | None = None
        self._lock = _lock(folder / "lock")
        try:
            self._number, self.connection = self._open_newest()
            self._remove_all_but(*sorted(self._numbers("books-*.db"))[-2:])
        except BaseException:
            os.close(self._lock)
            raise
        self._next_at = most_log

    @property
    def problem(self) -> str | None:
        """Sentence on what was lost at the start, or hinders a new generation now."""
        return self._hindrance or self._lost

    def _open_newest(self) -> tuple[int, sqlite3.Connection]:
        """Open the newest generation that is whole, or begin with an empty one."""
        for number in sorted(self._numbers("books-*.db"), reverse=True):
            connection, fault = _open(self._path(number))
            if fault is None:
                return number, connection
            connection.close()
            self._set_aside(number, fault)
        number = self._next_number()
        with _new_file(self._path(number)) as path, closing(sqlite3.connect(path)) as connection:
            connection.executescript(
                f"PRAGMA journal_mode = WAL; PRAGMA application_id = {_APPLICATION};{_schema()}"
            )
        return number, self._open(number)

    def _open(self, number: int) -> sqlite3.Connection:
        """Open a generation that was written just now."""
        connection, fault = _open(self._path(number))
        if fault is not None:
            connection.close()
            raise BooksError(f"The books {fault}, though they were written just now")
        return connection

    def _next_number(self) -> int:
        return 1 + max(self._numbers("books-*"), default=0)

    def _numbers(self, pattern: str) -> set[int]:
        names = [_NAME.match(path.name) for path in self._folder.glob(pattern)]
        return {int(name[1]) for name in names if name}

    def _path(self, number: int) -> Path:
        return self._folder / f"books-{number}.db"

    def _set_aside(self, number: int, fault: str) -> None:
        """Rename a generation that cannot be used, and keep the last few of those."""
        path = self._path(number)
        aside = path.with_name(f"{path.name}.unused")
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                Path(f"{path}{end}").replace(f"{aside}{end}")
        self._lost = (
            f"The books {fault}. They are set aside as {aside.name}; what was written before is"
            " taken from the copy that was kept, where there is one"
        )
        kept = sorted(self._numbers("*.unused"), reverse=True)
        for other in kept[_MOST_SET_ASIDE:]:
            _remove(Path(f"{self._path(other)}.unused"))

    def _remove_all_but(self, *numbers: int) -> None:
        """Remove other generations and copies that were not completed."""
        for number in self._numbers("books-*") - {*numbers}:
            _remove(self._path(number))
        for path in self._folder.glob("*.new*"):
            path.unlink(missing_ok=True)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    def renew_if_large(self) -> None:
        """Begin a generation where the log is large, or the file was deleted by somebody.

        Where that fails, it is tried later.  A file that is open can still be copied.
        """
        log = Path(f"{self._path(self._number)}-wal")
        size = log.stat().st_size if log.exists() else 0
        if size < self._next_at and self._path(self._number).exists():
            return
        try:
            self._renew()
            self._next_at, self._hindrance = self._most_log, None
        except (sqlite3.Error, OSError, BooksError) as error:
            self._next_at = size + self._most_log
            self._hindrance = f"The books grow and could not be written anew: {error}"

    def _renew(self) -> None:
        """Copy all to a new generation, and write to that from now on."""
        number = self._next_number()
        try:
            with _new_file(self._path(number)) as path:
                self.connection.execute("VACUUM INTO ?", (str(path),))
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            connection = self._open(number)
        except BaseException:
            _remove(self._path(number))  # it would be taken for the newest
            raise
        retired, self._before = self._before, self.connection
        before, self._number, self.connection = self._number, number, connection
        self._remove_all_but(number, before)
        if retired is not None:
            retired.close()  # its files have gone

    def delete(self) -> None:
        """Delete all that the books hold, and begin them anew."""
        self._close_connections()
        for path in self._folder.glob("books-*"):
            path.unlink(missing_ok=True)
        self._lost, self._hindrance, self._next_at = None, None, self._most_log
        self._number, self.connection = self._open_newest()

    def close(self) -> None:
        """Close all files."""
        self._close_connections()
        os.close(self._lock)

    def _close_connections(self) -> None:
        for connection in (self._before, self.connection):
            if connection is not None:
                connection.close()
        self._before = None


def _lock(path: Path) -> int:
    """Return a descriptor whose lock keeps other servers out while it is open."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BooksError(f"The books in {path.parent} are in use by another server") from None
    return descriptor


def _open(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """Return the connection to a database, and why it cannot be used."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        fault = _fault(connection)
        if fault is None:
            _upgrade(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection, fault


def _upgrade(connection: sqlite3.Connection) -> None:
    """Add the tables that books of an older version lack, all or none."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < VERSION:
        connection.executescript(f"BEGIN IMMEDIATE;{_schema()}COMMIT;")


def _schema() -> str:
    """Return the statements that make the tables where there are none."""
    tables = files(__package__).joinpath("schema.sql").read_text()
    return f"{tables}PRAGMA user_version = {VERSION};"


def _configure(connection: sqlite3.Connection) -> None:
    # Each commit reaches the disk; there is one every few minutes.
    for setting in (
        f"cache_size = -{_CACHE}",
        "mmap_size = 0",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 0",
        "synchronous = FULL",
    ):
        connection.execute(f"PRAGMA {setting}")
    if configure := getattr(connection, "setconfig", None):  # Python 3.12 and later
        configure(_NO_CHECKPOINT_ON_CLOSE, True)


def _fault(connection: sqlite3.Connection) -> str | None:
    """Return why a database cannot be used, as the end of a sentence."""
    try:
        _configure(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & _PRIMARY not in _DAMAGE:
            raise
        return f"are damaged ({error})"
    except UnicodeDecodeError:  # in the message of an error that quotes them
        return "are damaged (no text)"
    if application != _APPLICATION:
        return "are damaged (no tables of ours)"
    if version > VERSION:
        return f"were written by a newer release (tables of version {version})"
    if result != "ok":
        return f"are damaged ({result})"
    return _fault_of_tables(connection, version)


def _fault_of_tables(connection: sqlite3.Connection, version: int) -> str | None:
    """Return what is wrong with the tables, whose statements no check of SQLite covers."""
    with closing(sqlite3.connect(":memory:")) as other:
        other.executescript(_schema())
        wanted = _tables(other)
    found = _tables(connection)
    is_whole = found == wanted if version == VERSION else found <= wanted
    return None if is_whole else "are damaged (other tables than ours)"


def _tables(connection: sqlite3.Connection) -> set[tuple[bytes, ...]]:
    """Return the words of the statement that made each table, which may be no text."""
    rows = connection.execute("SELECT CAST(sql AS BLOB) FROM sqlite_master WHERE type = 'table'")
    return {tuple((sql or b"").split()) for (sql,) in rows}


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """Give a path to write a database to; it takes its name when it is whole, or never."""
    unfinished = path.with_name(f"{path.name}.new")
    _remove(unfinished)
    try:
        yield unfinished
        _flush(unfinished)
        unfinished.replace(path)
    finally:
        _remove(unfinished)
    _flush(path.parent)


def _flush(path: Path) -> None:
    """Have the content of a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    """Remove a database and its side files."""
    for end in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{end}").unlink(missing_ok=True)
