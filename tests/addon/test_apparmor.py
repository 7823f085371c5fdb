"""The reader of profiles and traces, on profiles and traces of a line or two."""

import pytest

from tests.addon.apparmor import Profile, accesses
from tests.addon.conftest import ROOT

PROFILE = """
profile one {
  capability chown,
  /etc/hosts r,
  /data/one/ rw,
  /data/one/** rwk,
  /{,usr/}sbin/start ix,
  @{PROC}/@{pid}/status r,
  /usr/bin/python3* ix,
}
"""


@pytest.mark.parametrize(
    ("path", "rights", "lacking"),
    [
        ("/etc/hosts", "r", ""),
        ("/etc/hosts", "rw", "w"),
        ("/etc/hosts.allow", "r", "r"),
        ("/data/one/", "rw", ""),
        ("/data/one", "r", "r"),
        ("/data/one/deep/file", "rw", ""),
        ("/data/one/file", "l", "l"),
        ("/data/other", "w", "w"),
        ("/sbin/start", "x", ""),
        ("/usr/sbin/start", "x", ""),
        ("/proc/12/status", "r", ""),
        ("/proc/self/status", "r", "r"),
        ("/usr/bin/python3.13", "x", ""),
        ("/usr/bin/python3/x", "x", "x"),
    ],
)
def test_a_right_is_there_where_a_rule_gives_it(path, rights, lacking):
    assert Profile(PROFILE).lacks(path, rights) == set(lacking)


@pytest.mark.parametrize(
    ("line", "access"),
    [
        ('7 openat(AT_FDCWD</>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>',
         ("/etc/hosts", "r")),
        ('7 openat(AT_FDCWD</data>, "one/a", O_RDWR|O_CREAT, 0600) = 3</data/one/a>',
         ("/data/one/a", "rw")),
        ('7 openat(AT_FDCWD</>, "/a", O_WRONLY|O_TRUNC) = -1 EACCES (Permission denied)',
         ("/a", "w")),
        ('7 mkdir("/data/one", 0700)  = 0', ("/data/one", "w")),
        ('7 fchownat(5</data/one>, "a", 1, 1, AT_SYMLINK_NOFOLLOW) = 0', ("/data/one/a", "w")),
        ('7 execve("/usr/bin/python3", ["python3", "-m"], 0x7f /* 9 vars */) = 0',
         ("/usr/bin/python3", "x")),
    ],
)  # fmt: skip
def test_a_call_needs_a_right(line, access):
    assert list(accesses(line)) == [access]


def test_both_ends_of_a_renaming_are_written():
    line = '7 rename("/data/a.new", "/data/a") = 0'

    assert list(accesses(line)) == [("/data/a.new", "w"), ("/data/a", "w")]


def test_what_is_not_there_needs_no_right_and_threads_may_interrupt_each_other():
    trace = """7 openat(AT_FDCWD</>, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)
7 openat(AT_FDCWD</>, "/one", O_RDONLY <unfinished ...>
8 openat(AT_FDCWD</>, "/two", O_RDONLY) = 3</two>
7 <... openat resumed>) = 4</one>
7 +++ exited with 0 +++"""

    assert sorted(accesses(trace)) == [("/one", "r"), ("/two", "r")]


def test_our_profile_is_read():
    profile = Profile((ROOT / "addon" / "apparmor.txt").read_text().replace("#include", "#"))

    assert profile.lacks("/data/powersync/books-1.db-wal", "rw") == set()
    assert profile.lacks("/data/options.json", "rw") == {"w"}
