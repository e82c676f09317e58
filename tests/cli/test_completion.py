"""Completion scripts, in the real shells; the help that a newcomer reads."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import run_zimlint
from zimlint.checks import load_checks
from zimlint.cli.options import COMMANDS
from zimlint.cli.synopsis import commands
from zimlint.reporters import REPORTERS

CASES = [
    ("zimlint expos", "exposure"),
    ("zimlint READ", "README.md"),
    ("zimlint --statis", "--statistics"),
    ("zimlint --format checks", "checkstyle"),
    ("zimlint x --baseline READ", "README.md"),
    ("zimlint x --select memc", "memcached-exposed"),
    ("zimlint explain memc", "memcached-exposed"),
    ("zimlint explain README.", ""),
    ("zimlint baseline --pru", "--prune"),
    ("zimlint exposure --format js", "json"),
    ("zimlint trace --format sar", ""),
    ("zimlint completion fi", "fish"),
    ("zimlint schema --sta", ""),
]
"""A line up to the cursor, and what its last word becomes; empty: nothing fits."""


@pytest.fixture
def script(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The script of a shell, beside a file that can be completed."""
    shell: str = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    path = tmp_path / f"zimlint.{shell}"
    path.write_text(run_zimlint("completion", shell).out)
    (tmp_path / "README.md").touch()
    return path


def of(shell: str) -> pytest.MarkDecorator:
    """Tests of this shell."""
    return pytest.mark.parametrize("script", [shell], indirect=True)


@of("bash")
@pytest.mark.parametrize(("line", "word"), [*CASES, ("zimlint --format=checks", "checkstyle")])
def test_bash(script: Path, line: str, word: str) -> None:
    words = line.replace("=", " = ").split()
    array = " ".join(f"'{one}'" for one in words)
    code = f'source {script}; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _zimlint; echo "${{COMPREPLY[@]}}"'
    run = subprocess.run(["bash", "--norc", "-uc", code], cwd=script.parent, capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == (word, "")


@of("fish")
@pytest.mark.parametrize(("line", "word"), [*CASES, ("zimlint --format=checks", "--format=checkstyle")])
def test_fish(script: Path, line: str, word: str) -> None:
    code = f"source {script}; complete -C '{line}'"
    environment = {**os.environ, "HOME": str(script.parent), "XDG_CONFIG_HOME": str(script.parent)}
    run = subprocess.run(
        ["fish", "--no-config", "-c", code],
        cwd=script.parent, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (run.stdout.partition("\t")[0].strip(), run.stderr) == (word, "")


@of("zsh")
@pytest.mark.parametrize(("line", "word"), [*CASES, ("zimlint --format=checks", "--format=checkstyle")])
def test_zsh(script: Path, line: str, word: str) -> None:
    """In a terminal: zsh completes nowhere else."""
    assert completed_by_zsh(script.parent, line, f"compinit -D -u; source {script.name}") == (
        f"{line.rpartition(' ')[0]} {word}" if word else line
    )


@of("zsh")
def test_zsh_finds_it_in_fpath(script: Path) -> None:
    """As it is installed: it is read when it is first needed."""
    (script.parent / "functions").mkdir()
    script.rename(script.parent / "functions" / "_zimlint")
    settings = "fpath=($PWD/functions $fpath); compinit -D -u"
    assert completed_by_zsh(script.parent, "zimlint explain memc", settings) == "zimlint explain memcached-exposed"


def completed_by_zsh(folder: Path, line: str, settings: str) -> str:
    """What becomes of a line when the Tab key is pressed behind it."""
    target = folder / "line"
    settings = f"autoload -Uz compinit; {settings}; unsetopt beep; stty -echo\n"
    typed = f"{line}\t\x01print -r -- \x05 > line\nexit\n"
    (folder / ".zshrc").write_text(settings)
    environment = {**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb"}
    head, tail = pty.openpty()
    with subprocess.Popen(
        ["zsh", "-i"],
        cwd=folder, env=environment, stdin=tail, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.write(head, typed.encode())
        process.communicate(timeout=60)
    os.close(head)
    os.close(tail)
    return target.read_text().strip()


def test_the_scripts_are_of_all_that_exists() -> None:
    """Each command, format and check is in each script."""
    for shell in ("bash", "zsh", "fish"):
        said = run_zimlint("completion", shell).out
        assert not [word for word in (*COMMANDS, *REPORTERS, *load_checks()) if word not in said]
    assert [command.name for command in commands()] == ["", *COMMANDS]


def test_an_unknown_shell_is_an_error() -> None:
    run = run_zimlint("completion", "tcsh")
    assert run.status == 2
    assert "invalid choice: 'tcsh'" in run.err


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_the_terminal(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run = run_zimlint(*([command] if command else []), "--help")
    assert run.status == 0
    assert [line for line in run.out.splitlines() if len(line) > columns] == []


def test_narrow_help_keeps_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = run_zimlint("--help").out
    assert "  zimlint /etc/ufw            lint this host as ufw would\n                              load it\n" in out
    assert "in a line of its own\n      above the line\n" in out


@pytest.mark.parametrize("way", ["zimlint /etc/ufw", "zimlint explain ID", "zimlint: allow ID: reason", "--baseline"])
def test_a_newcomer_finds_each_way(way: str) -> None:
    assert way in run_zimlint("--help").out
