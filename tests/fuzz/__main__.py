"""``python -m tests.fuzz``: a long campaign, or one input again. See the package for what it is."""

from __future__ import annotations

import argparse
import sys
import zlib
from pathlib import Path

from tests.fuzz.campaign import Failure, campaign
from tests.fuzz.entries import entries
from tests.fuzz.execute import execute

KEPT = Path("build/fuzz")


def main() -> int:
    """Fuzz each entry for its part of the time; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10, help="all entries together, default: 10")
    parser.add_argument("--seed", type=int, default=2, help="another one gives other inputs")
    parser.add_argument("--entry", action="append", choices=tuple(entries()), help="only this one (repeat)")
    parser.add_argument("--engine", choices=("own", "atheris"), default="own")
    parser.add_argument("input", nargs="?", type=Path, help="run only this one and show its output")
    options = parser.parse_args()
    names: list[str] = options.entry or list(entries())
    if options.input is not None:
        return _again(names, options.input)
    if options.engine == "atheris":
        from tests.fuzz.guided import run_guided

        return run_guided(names, options.minutes, KEPT)
    total, failed = 0, False
    for name in names:
        result = campaign(name, options.seed, seconds=options.minutes * 60 / len(names))
        total += result.executions
        print(f"{name}: {result.executions:,} executions, slowest {result.slowest:.2f} s", flush=True)
        for failure in result.failures:
            failed = True
            print(f"{failure}\n  kept as {_kept(failure)}", flush=True)
    print(f"{total:,} fuzz executions")
    return int(failed)


def _kept(failure: Failure) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{failure.entry.replace(' ', '-')}-{zlib.crc32(failure.data):08x}"
    path.write_bytes(failure.data)
    return path


def _again(names: list[str], path: Path) -> int:
    data = path.read_bytes()
    failed = False
    for name in names:
        outcome = execute(entries()[name], data)
        print(f"{name}: {outcome.seconds:.2f} s", outcome.output, *outcome.faults, sep="\n")
        failed = failed or bool(outcome.faults)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
