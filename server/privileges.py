"""Give up root, once what only root may read has been read."""

import os
import pwd


class CannotDrop(Exception):
    """The process cannot become the user that was asked for."""


def become(user: str) -> None:
    """Run as `user` from here on, with no way back.

    Parameters
    ----------
    user : str
        Name of an account of this machine.

    Raises
    ------
    CannotDrop
        Where there is no such account, or this process may not become it.
    """
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise CannotDrop(f"there is no user {user!r}") from None
    try:
        os.setgroups([])
        os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
        os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    except PermissionError:
        raise CannotDrop(f"only root can become {user!r}") from None
