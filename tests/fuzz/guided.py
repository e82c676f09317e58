"""The same entries with atheris (libFuzzer): inputs that reach new code are kept and changed further.

Only on demand, as atheris is built for few platforms: ``pip install atheris``, then ``--engine atheris``.
Invariant: zimlint is first imported where atheris looks on, or it would see none of its branches.
"""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_MEMORY_MIB = 3000


def run_guided(names: Sequence[str], minutes: float, kept: Path) -> int:
    """Each entry in a process of its own for its part of the time; 1 where something was found."""
    kept.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in names:
        with tempfile.TemporaryDirectory(prefix="zimlint-corpus-") as corpus:
            seconds = max(int(minutes * 60 / len(names)), 1)
            command = [
                sys.executable, "-m", "tests.fuzz.guided", name, corpus, f"-max_total_time={seconds}",
                "-timeout=0", f"-rss_limit_mb={_MEMORY_MIB}", "-max_len=20000", "-seed=1", "-print_final_stats=1",
                "-verbosity=0", f"-artifact_prefix={kept.resolve()}/{name.replace(' ', '-')}-",
            ]  # fmt: skip
            print(f"{name}:", flush=True)
            failed = subprocess.run(command, check=False).returncode != 0 or failed
    return int(failed)


def _fuzz(name: str, arguments: Sequence[str]) -> None:
    atheris = importlib.import_module("atheris")  # by name: no dependency, and without types
    with atheris.instrument_imports(include=["zimlint"]):
        from tests.fuzz.entries import entries
    from tests.fuzz.execute import execute
    from tests.fuzz.mutate import changed

    entry = entries()[name]
    for number, seed in enumerate(entry.material.seeds):
        Path(arguments[0], str(number)).write_bytes(seed)

    def once(data: bytes) -> None:
        outcome = execute(entry, data)
        if outcome.faults:
            raise AssertionError(f"{'; '.join(outcome.faults)}\n{outcome.output}")

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.3:
            return bytes(atheris.Mutate(data, longest))
        return changed(data, entry.material, chance)[:longest]

    atheris.Setup([sys.argv[0], *arguments], once, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz(sys.argv[1], sys.argv[2:])
