"""One input through the real command, within a time and a memory.

Invariant: what is wrong comes back as words; nothing but a hang that Python cannot interrupt ends the process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import random
import resource
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from tests.fuzz.entries import Entry
from tests.wellformed import faults

SECONDS = 20
"""For one input. Far more than any needs, so that only a hang fails on a slow machine."""
MEMORY = 1 << 30
"""Beside what the process has when it begins."""
_STATUSES = (0, 1, 2)


class HangError(BaseException):
    """The time of an input is over; not an ``Exception``, as ``main`` would take that for a bug of its own."""


class Outcome(NamedTuple):
    """What became of one input."""

    faults: tuple[str, ...]
    seconds: float
    output: str = ""


def limit_memory() -> None:
    """Bound what this process may have from now on; more is a MemoryError, which ``main`` tells as status 70."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def execute(entry: Entry, data: bytes) -> Outcome:
    """Run one input in a folder of its own."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zimlint-fuzz-", dir=base) as name, contextlib.chdir(name):
        return _run(entry, data)


def _run(entry: Entry, data: bytes) -> Outcome:
    call = entry.prepare(data, random.Random(zlib.crc32(data)))
    said_bytes, told_bytes = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(held, encoding="utf-8", write_through=True) for held in (said_bytes, told_bytes))
    stdin = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(call.stdin))
    before = time.perf_counter()
    found: list[str] = []
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _within(SECONDS):
            status = entry.run(call.words)
        if status not in _STATUSES:
            said = told_bytes.getvalue().decode("utf-8", "replace").strip().rpartition("\n")[2]
            found.append(f"exit status {status}: {said}")
    except HangError:
        found.append(f"longer than {SECONDS} s")
    except BaseException as error:  # whatever it is, the input that shows it is wanted
        if isinstance(error, KeyboardInterrupt):
            raise
        found.append(f"{type(error).__name__}: {error}")
    finally:
        sys.stdin = stdin
    seconds = time.perf_counter() - before
    said, told = (held.getvalue().decode("utf-8") for held in (said_bytes, told_bytes))
    found += faults(call.form, said, told)
    if "Traceback (most recent call last)" in told and not found:
        found.append("a traceback")
    return Outcome(tuple(found), seconds, f"{call.words}\n{said}{told}")


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    """HangError after this time; where even that does not get through, the process ends with its stack."""

    def over(*_: object) -> None:
        raise HangError

    previous = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(3 * seconds, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, previous or signal.SIG_DFL)  # None: not one of Python's
