"""What an AppArmor profile allows, and what a traced process did with files."""

import posixpath
import re
from pathlib import Path

ABSTRACTIONS = Path("/etc/apparmor.d")

# As the tunables of Debian and of Home Assistant's system define them.
_VARIABLES = {
    "PROC": "/proc",
    "pid": "[0-9]*",
    "sys": "/sys",
    "run": "{/run,/var/run}",
    "etc_ro": "/etc",
    "multiarch": "*-linux-gnu*",
}
_RULE = re.compile(r"^\s*(?:owner\s+)?(/\S+|@\{\S+)\s+([rwakmlix]+),", re.M)
_GLOB = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
_WRITES = {
    *("mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2"),
    *("chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat", "truncate", "symlink"),
}
TRACED = ("openat", "open", "creat", "link", "linkat", "execve", *sorted(_WRITES))
"""System calls that AppArmor asks about, by name."""

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<[^>]*>)?(?: (E\w+))?", re.S)
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')


class Profile:
    """The rules on files of a profile, those of ``abstractions/base`` included."""

    def __init__(self, text, abstractions=ABSTRACTIONS):
        for name in re.findall(r"#include <(abstractions/.+?)>", text):
            text += (abstractions / name).read_text()
        self._rules = [(_pattern(path), set(rights)) for path, rights in _RULE.findall(text)]

    def lacks(self, path, rights):
        """Rights on a path that no rule gives."""
        given = set().union(*(more for rule, more in self._rules if rule.fullmatch(path)))
        return set(rights) - given


def _pattern(text):
    for name, value in _VARIABLES.items():
        text = text.replace(f"@{{{name}}}", value)
    parts = re.split(r"(\*\*|\*|\?|\{|\}|,|\[[^\]]*\])", text)
    return re.compile("".join(
        _GLOB.get(part, part if part.startswith("[") else re.escape(part)) for part in parts
    ))  # fmt: skip


def accesses(trace):
    """Path and rights of each call in the output of ``strace -f -y`` that found something."""
    for line in _whole_lines(trace):
        call = _CALL.match(line)
        if call is None or call[5] in ("ENOENT", "ENOTDIR"):
            continue
        rights = _rights(call[2], call[3])
        for folder, name in _PATH.findall(call[3])[: 1 if call[2] == "execve" else 2]:
            yield posixpath.normpath(posixpath.join(folder, name)), rights


def _whole_lines(trace):
    """Lines, where those of another thread came between put together."""
    begun = {}
    for line in trace.splitlines():
        pid = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>")
        elif " resumed>" in line:
            yield begun.pop(pid, "") + line.partition(" resumed>")[2]
        else:
            yield line


def _rights(call, arguments):
    if call == "execve":
        return "x"
    if call in ("link", "linkat"):
        return "l"
    if call in _WRITES:
        return "w"
    is_written = re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments) or call == "creat"
    is_read = "O_WRONLY" not in arguments and "O_PATH" not in arguments
    return "r" * bool(is_read) + "w" * bool(is_written)
