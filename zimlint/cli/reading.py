"""One file, or standard input, as a ``Source``; or the reason why not.

Invariant: never more than ``LIMIT`` bytes are held, and nothing is opened that could block.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from zimlint.cli.ids import hint
from zimlint.cli.options import COMMANDS
from zimlint.finding import Unread
from zimlint.source import Source

LIMIT = 64 << 20
"""100,000 lines are 10 MB; what is larger is no firewall."""

_CONTROL = bytes(sorted(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}))
_KINDS = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a directory"))


def read_file(path: str) -> Source | Unread:
    """The text of a file. Links are followed; a pipe is read only as ``/dev/fd/N``, which a shell hands over."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) and not (
            stat.S_ISFIFO(status.st_mode) and path.startswith(("/dev/", "/proc/"))
        ):
            kind = next((name for test, name in _KINDS if test(status.st_mode)), "a device")
            return Unread(path, f"{kind}, not a regular file")
        if status.st_size > LIMIT:
            return Unread(path, _too_large(status.st_size))
        with open(path, "rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        return Unread(path, why_not(error, path))
    return decode(path, data, stat.S_IMODE(status.st_mode))


def read_head(path: str, size: int) -> bytes:
    """The first bytes of a regular file; empty where they cannot be read, unless that is forbidden."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except PermissionError:
        raise
    except OSError:
        return b""


def read_stdin() -> Source | Unread:
    """All of standard input."""
    if sys.stdin is None:
        return Unread("-", "standard input is closed")
    try:
        return decode("-", sys.stdin.buffer.read(LIMIT + 1), None)
    except OSError as error:
        return Unread("-", why_not(error, "-"))


def decode(name: str, data: bytes, mode: int | None) -> Source | Unread:
    """Bytes as text; bytes that are no UTF-8 are kept as they are, so that a reader can judge them."""
    if len(data) > LIMIT:
        return Unread(name, _too_large(len(data)))
    if not data.strip():
        return Unread(name, "empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_second_is_zero(data):
        return Unread(name, "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8")
    if b"\0" in data:
        return Unread(name, f"binary: a zero byte in line {data.count(10, 0, data.index(0)) + 1}")
    head = data[:4096]
    if len(head) - len(head.translate(None, _CONTROL)) > len(head) // 50:
        return Unread(name, "binary")
    return Source(name, data.decode("utf-8", "surrogateescape"), mode)


def why_not(error: OSError, path: str) -> str:
    """An operating system's error in words."""
    match error.errno:
        case errno.ENOENT if os.path.islink(path):
            return "a dangling symbolic link"
        case errno.ELOOP:
            return "symbolic links that lead in a circle"
        case errno.ENOENT:
            near = hint(path, COMMANDS) if path.isalpha() else ""
            return f"no such file or directory{near}"
        case _:
            return (error.strerror or str(error)).lower()


def _too_large(size: int) -> str:
    return f"too large: {'more than ' if size == LIMIT + 1 else ''}{size >> 20} MiB, at most {LIMIT >> 20} are read"


def _every_second_is_zero(data: bytes) -> bool:
    head = data[:1024]
    fewer, more = sorted((head[0::2].count(0), head[1::2].count(0)))
    return len(head) >= 4 and more > 0.4 * len(head) and fewer < 0.1 * len(head)
