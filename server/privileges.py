"""Give up the rights of root, once the options have been read and the data folder is there."""

import os
import pwd
from pathlib import Path


class CannotDrop(Exception):
    """There is no such user, or this process may not become it."""


def prepare_folder(folder: Path, user: str | None) -> None:
    """Make a folder that only `user`, or this process's own, can read, with all that is in it.

    A backup that Supervisor restores may belong to root.  Raises `OSError` or `CannotDrop`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is None:
        return
    account = _account(user)
    for path in (folder, *folder.iterdir()):
        if path.lstat().st_uid != account.pw_uid:
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def become(user: str) -> None:
    """Run as a user of this machine from here on, with no way back, or raise `CannotDrop`."""
    account = _account(user)
    try:
        os.setgroups([])
        os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
        os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    except PermissionError:
        raise CannotDrop(f"only root can become {user!r}") from None


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise CannotDrop(f"there is no user {user!r}") from None
