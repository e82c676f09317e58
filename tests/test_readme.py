"""What README.md shows is what happens: its console blocks are run in a copy of the checkout.

A line ``...`` in an output stands for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import ROOT, clean_environment, copy_checkout

pytestmark = pytest.mark.slow
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Shown(NamedTuple):
    """A command and the output that the README promises."""

    command: str
    output: str


def shown() -> Iterator[Shown]:
    """All commands of the console blocks, in order."""
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Shown(command, output)


def pattern_of(output: str) -> str:
    """The output as a regular expression."""
    lines = output.splitlines(keepends=True)
    return "".join("(?:.*\n)*" if line == "...\n" else re.escape(line) for line in lines)


def test_every_command_prints_what_is_shown(tmp_path: Path) -> None:
    """The first one installs; the tests' own command is what ``.ci/run`` runs, and not run again by itself."""
    copy_checkout(tmp_path)
    environment = clean_environment()
    environment["PATH"] = f"{tmp_path}/.venv/bin{os.pathsep}{environment['PATH']}"
    commands = list(shown())
    assert commands[0].command.startswith("python3 -m venv")
    for command, output in commands:
        if "pytest" in command:
            continue
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        said = re.sub(r"^(WARNING: |\[notice\]).*\n", "", run.stdout, flags=re.MULTILINE)  # pip, of this machine
        assert re.fullmatch(pattern_of(output), said), f"$ {command}\n{said}"


def test_ci_runs_the_command_of_the_tests() -> None:
    """There is one, and it is the only one."""
    assert len([command for command, _ in shown() if "python -m pytest" in command]) == 1
