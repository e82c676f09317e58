"""Many inputs for one entry, in a process of its own with bounded memory.

Invariant: the inputs of a seed are always the same, up to the number or the time that is asked for.
Invariant: even where the process dies, the input that did it is in hand.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.entries import entries
from tests.fuzz.execute import execute, limit_memory
from tests.fuzz.mutate import drawn

_FAILURES = 20
"""Enough for one run of one entry."""


class Failure(NamedTuple):
    """An input, and what is wrong with what became of it."""

    entry: str
    data: bytes
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.entry}: {'; '.join(self.faults)}\n  {self.data[:600]!r}"


class Result(NamedTuple):
    """What a campaign found."""

    executions: int
    failures: tuple[Failure, ...]
    slowest: float
    slowest_input: bytes


def campaign(entry: str, seed: int, executions: int = 0, seconds: float = 0) -> Result:
    """Run as many inputs, or as long, as is asked for."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(prefix="zimlint-fuzz-") as folder:
        last = Path(folder, "input")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, entry, seed, executions, seconds, last))
        process.start()
        sender.close()
        try:
            result: Result = receiver.recv()
        except EOFError:
            process.join()
            fault = f"the process ended with {process.exitcode}"
            return Result(1, (Failure(entry, last.read_bytes(), (fault,)),), 0, b"")
        process.join()
        return result


def _work(sender: Connection, name: str, seed: int, executions: int, seconds: float, last: Path) -> None:
    limit_memory()
    entry = entries()[name]
    chance = random.Random(f"{name} {seed}")
    until = time.monotonic() + seconds
    failures: dict[str, Failure] = {}
    done, slowest, slowest_input = 0, 0.0, b""
    while (done < executions or (seconds and time.monotonic() < until)) and len(failures) < _FAILURES:
        data = drawn(entry.material, chance)
        last.write_bytes(data)
        outcome = execute(entry, data)
        done += 1
        if outcome.seconds > slowest:
            slowest, slowest_input = outcome.seconds, data
        if outcome.faults:
            failure = failures.get(outcome.faults[0])
            if failure is None or len(data) < len(failure.data):  # of the same fault the smallest
                failures[outcome.faults[0]] = Failure(name, data, outcome.faults)
    sender.send(Result(done, tuple(failures.values()), slowest, slowest_input))
