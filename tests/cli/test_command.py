"""The command as a process, its other commands, its options, and what it does when things break."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.inputs import bad_host, good_host
from zimlint import __version__
from zimlint.checks import load_checks
from zimlint.cli import main
from zimlint.cli.output import wants_colour

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zimlint", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_version_and_help(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"zimlint {__version__}\n"
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "zimlint /etc/ufw" in shown
    assert "exit status: 0" in shown
    for command in ("trace", "checks", "ports", "explain"):
        assert main([command, "--help"]) == 0
    assert "tcp 203.0.113.9 -> :7071 in eth0" in capsys.readouterr().out


def test_version_loads_next_to_nothing() -> None:
    code = "import sys, zimlint.cli; zimlint.cli.main(['--version']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"lark", "yaml", "tabulate", "dataclasses", "argparse", "json", "zimlint.model"} & set(loaded)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--nonsense", "x"],
        ["--format", "xml", "x"],
        ["explain"],
        ["checks", "x"],
        ["trace", "x"],
        ["--type", "x", "y"],
    ],
)
def test_wrong_options_are_one_line_and_status_2(words: list[str], capsys: Capture) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("zimlint: ")
    assert said.err.count("\n") == 1


def test_checks_explain_and_ports(capsys: Capture) -> None:
    assert main(["checks"]) == 0
    shown = capsys.readouterr().out
    for check in load_checks().values():
        assert f"\n{check.id} " in shown
    assert main(["ports"]) == 0
    assert "\n11211/udp " in capsys.readouterr().out
    for name in load_checks():
        assert main(["explain", name]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"{name} (")
        assert "{" not in shown
    assert main(["explain", "memcached_exposd"]) == 2
    assert "did you mean 'memcached-exposed'?" in capsys.readouterr().err


def test_a_folder_called_like_a_command_is_reached_with_a_dot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    bad_host(tmp_path / "checks")
    monkeypatch.chdir(tmp_path)
    assert main(["./checks"]) == 1
    assert " --> ./checks/rules.v4:9:1\n" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("words", [["checks"], ["ports"], ["explain", "unused-suppression"]])
def test_tables_and_texts_fit_the_terminal(words: list[str], columns: int) -> None:
    """Nothing of what a pipe gets is lost; it takes lines of any length, and so does a wide terminal."""
    shown = on_terminal(words, columns)
    lines = shown.splitlines()
    assert max(map(len, lines)) <= columns
    piped = run(*words).stdout
    assert sorted(re.sub(r"[\s-]", "", shown)) == sorted(re.sub(r"[\s-]", "", piped))  # a row of dashes may be shorter
    assert on_terminal(words, 200) == piped


def on_terminal(words: list[str], columns: int) -> str:
    """What the command writes to a terminal of so many columns."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, columns))
    command = [sys.executable, "-m", "zimlint", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=child, stderr=subprocess.DEVNULL) as process:
        os.close(child)
        seen = b""
        with contextlib.suppress(OSError):  # as Linux ends it
            while block := os.read(parent, 65536):
                seen += block
        os.close(parent)
    assert process.returncode == 0
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour(environment: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()
    assert wants_colour("auto", stream) is coloured
    assert wants_colour("always", stream) is True
    assert wants_colour("never", stream) is False


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    for number in range(40):
        bad_host(tmp_path / f"mail{number}")
    for words in ([str(tmp_path)], ["--help"], ["checks"], ["--version"]):
        read, write = os.pipe()
        os.close(read)
        process = subprocess.run(
            [sys.executable, "-m", "zimlint", *words],
            cwd=ROOT,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(write)
        assert process.returncode in (0, 1)
        assert "Traceback" not in process.stderr
        assert "BrokenPipe" not in process.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    bad_host(tmp_path / "mail1")
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "zimlint", str(tmp_path)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.returncode == 2
    assert process.stderr == "zimlint: cannot write the output: No space left on device\n"


def test_a_poor_encoding_is_no_error(tmp_path: Path) -> None:
    bad_host(tmp_path / "héhé")
    found = run(str(tmp_path / "héhé"), PYTHONIOENCODING="ascii")
    assert found.returncode == 1
    assert "h\\xe9h\\xe9/rules.v4" in found.stdout


def test_a_pipe_from_the_shell_is_read(tmp_path: Path) -> None:
    good_host(tmp_path / "mail1")
    command = f"'{sys.executable}' -m zimlint <(cat '{tmp_path}/mail1/rules.v4')"
    found = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0
    assert "1 host, 1 file: no findings" in found.stderr


def test_our_own_bug_is_70_and_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    good_host(tmp_path / "mail1")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oh\nno")

    monkeypatch.setattr("zimlint.cli.linted.lint", broken)
    monkeypatch.delenv("ZIMLINT_DEBUG", raising=False)
    assert main([str(tmp_path)]) == 70
    said = capsys.readouterr().err
    assert said.startswith("zimlint: internal error, please report it")
    assert said.endswith("RuntimeError: oh\\nno\n")
    assert said.count("\n") == 1
    monkeypatch.setenv("ZIMLINT_DEBUG", "1")
    assert main([str(tmp_path)]) == 70
    assert "Traceback" in capsys.readouterr().err
