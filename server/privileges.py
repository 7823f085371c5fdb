"""Give up the rights of root, once the options have been read."""

import os
import pwd


class CannotDrop(Exception):
    """There is no such user, or this process may not become it."""


def become(user: str) -> None:
    """Run as a user of this machine from here on, with no way back, or raise `CannotDrop`."""
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
