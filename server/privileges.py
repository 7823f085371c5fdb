"""Give up the rights of root, once the options have been read and the data folder is there."""

import os
import pwd
import stat
from pathlib import Path


class CannotDrop(Exception):
    """There is no such user, or this process may not become it."""


def prepare_folder(folder: Path, user: str | None) -> None:
    """Make a folder that only `user`, or this process's own, can read, with all that is in it.

    A backup that Supervisor restores may belong to root, or to the number of the user in another
    image.  The profile of the add-on leaves root no right to read what belongs to others, so the
    folder is root's while its files are given away.  Raises `OSError` or `CannotDrop`.
    """
    account = _account(user) if user else None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None:
        return
    os.chown(folder, os.geteuid(), os.getegid(), follow_symlinks=False)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, 0o700)
        _give_files(descriptor, account)
        os.fchown(descriptor, account.pw_uid, account.pw_gid)
    finally:
        os.close(descriptor)


def _give_files(descriptor: int, account: pwd.struct_passwd) -> None:
    """Give the files of an open folder to an account, but none that has a name elsewhere too."""
    for name in os.listdir(descriptor):
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        is_elsewhere = stat.S_ISREG(status.st_mode) and status.st_nlink > 1
        if status.st_uid != account.pw_uid and not is_elsewhere:
            os.chown(name, account.pw_uid, account.pw_gid, dir_fd=descriptor, follow_symlinks=False)


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
