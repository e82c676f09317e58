"""Inputs that were made to hurt, each by name: an answer, an exit status, a bound on time and on memory.

Each runs in a process of its own that may use so many CPU seconds (``RLIMIT_CPU``, generous: a hang is what is looked
for, not a slow machine) and is weighed at its end (``ru_maxrss``).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import ROOT, clean_environment
from tests.wellformed import faults
from zimlint.reporters import REPORTERS

CPU_SECONDS = 240
MEGABYTES = 2500
HEAD = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"


class Ended(NamedTuple):
    """How a process ended; ``megabytes`` is its peak."""

    status: int
    out: bytes
    err: bytes
    megabytes: int


def run(folder: Path, *words: str) -> Ended:
    """The real command in a process of its own."""
    with open(folder / ".out", "w+b") as out, open(folder / ".err", "w+b") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "zimlint", *words],
            cwd=folder,
            env=clean_environment() | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
        )
        _, waited, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(waited)
        out.seek(0)
        err.seek(0)
        ended = Ended(child.returncode, out.read(), err.read(), usage.ru_maxrss // 1024)
    assert ended.status in (0, 1, 2), ended.err[-2000:].decode("utf-8", "replace")
    assert b"Traceback" not in ended.err
    assert ended.megabytes < MEGABYTES
    return ended


def dump(lines: Iterator[str] | list[str], chains: str = "") -> str:
    """A filter table of these lines."""
    return f"{HEAD}{chains}" + "".join(f"{line}\n" for line in lines) + "COMMIT\n"


def cycle() -> str:
    """Three chains in a circle, and one that calls itself."""
    circle = ["-A A -j B", "-A B -j C", "-A C -j A", "-A D -j D", "-A INPUT -j A", "-A INPUT -j D"]
    return dump(circle, ":A - [0:0]\n:B - [0:0]\n:C - [0:0]\n:D - [0:0]\n")


def deep() -> str:
    """10,000 chains, each calls the next."""
    names = "".join(f":C{number} - [0:0]\n" for number in range(10_000))
    calls = (f"-A C{number} -j C{number + 1}" for number in range(9_999))
    return dump([*calls, "-A C9999 -p tcp -m tcp --dport 25 -j ACCEPT", "-A INPUT -j C0"], names)


def doubled() -> str:
    """A chain that is called 2^20 times: each of 20 chains calls the next one twice."""
    names = "".join(f":C{number} - [0:0]\n" for number in range(21))
    calls = (f"-A C{number} -s 10.{number}.{half}.0/24 -j C{number + 1}" for number in range(20) for half in (0, 1))
    same = (f"-A C{number} -j C{number + 1}" for number in range(20) for _ in (0, 1))
    return dump([*calls, *same, "-A C20 -p tcp -m tcp --dport 11211 -j ACCEPT", "-A INPUT -j C0"], names)


def long_lines() -> str:
    """Lines of a megabyte: a comment, a quote that never ends, options without end, one word."""
    return dump(
        [
            "# " + "x" * 1_000_000,
            '-A INPUT -m comment --comment "' + "y" * 1_000_000 + '" -j ACCEPT',
            "-A INPUT " + "-i eth0 " * 125_000 + "-j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports " + ",".join(str(port) for port in range(1, 65_000)) + " -j ACCEPT",
            "z" * 1_000_000,
        ]
    )


def million() -> str:
    """A million lines: bans of single addresses, as a program that never forgets would leave them."""
    bans = (f"-A INPUT -s {n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.7/32 -j DROP" for n in range(65_536, 1_065_536))
    return dump(bans)


PATHOLOGICAL: dict[str, tuple[Callable[[], str], str]] = {
    "jump cycle": (cycle, "chain-loop"),
    "10,000 chains deep": (deep, ""),
    "a chain called 2^20 times": (doubled, "memcached-exposed"),
    "lines of 1 MB": (long_lines, "unreadable-line"),
    "a million lines": (million, ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_rules_that_hurt(name: str, tmp_path: Path) -> None:
    """They get their answer like any others."""
    write, check = PATHOLOGICAL[name]
    (tmp_path / "rules.v4").write_text(write(), encoding="utf-8")
    ended = run(tmp_path, "--format", "json", "rules.v4")
    found = {finding["check"] for finding in json.loads(ended.out)["findings"]}
    assert check in found or not check


def test_a_hundred_thousand_sets(tmp_path: Path) -> None:
    """None of them is named by a line."""
    sets = "".join(f"create s{number} hash:ip family inet\nadd s{number} 192.0.2.1\n" for number in range(100_000))
    (tmp_path / "ipset.save").write_text(sets, encoding="utf-8")
    (tmp_path / "rules.v4").write_text(dump(["-A INPUT -m set --match-set s1 src -j ACCEPT"]), encoding="utf-8")
    run(tmp_path, ".")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text", [BOMB, "[" * 100_000, "a: " * 20_000, "- " * 20_000, "x" * 1_000_000, "a: !!python/object:os.system x\n"]
)
def test_yaml_bombs_are_refused(text: str, tmp_path: Path) -> None:
    """One line says where; nothing is expanded."""
    (tmp_path / ".zimlint.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "rules.v4").write_text(dump([]), encoding="utf-8")
    ended = run(tmp_path, "rules.v4")
    assert ended.status == 2
    assert ended.err.startswith(b"zimlint: .zimlint.yaml:1:")
    assert ended.err.count(b"\n") == 1


def test_links_that_go_round(tmp_path: Path) -> None:
    """Folders that link to themselves and to each other, a file that links to itself, one that links to nothing."""
    hosts = tmp_path / "hosts"
    (hosts / "mail1").mkdir(parents=True)
    (hosts / "mail1" / "rules.v4").write_text(dump([]), encoding="utf-8")
    (hosts / "mail1" / "again").symlink_to(hosts)
    (hosts / "mail2").symlink_to(hosts / "mail1" / "again")
    (hosts / "rules.v4").symlink_to(hosts / "rules.v4")
    (hosts / "rules.v6").symlink_to(hosts / "nothing")
    ended = run(tmp_path, "hosts")
    assert ended.status == 2  # two files by that name could not be read
    assert b"hosts/rules.v4: " in ended.err
    assert b"1 host, 1 file" in ended.err


def test_folders_without_end(tmp_path: Path) -> None:
    """400 folders in each other."""
    folder = tmp_path
    for _ in range(400):
        folder /= "d"
        folder.mkdir()
    (folder / "rules.v4").write_text(dump([]), encoding="utf-8")
    assert b"1 host, 1 file" in run(tmp_path, ".").err


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe, a device and a socket are named and not opened."""
    os.mkfifo(tmp_path / "rules.v4")
    (tmp_path / "rules.v6").symlink_to("/dev/zero")
    ended = run(tmp_path, ".", "/dev/zero")
    assert ended.status == 2
    assert b"a named pipe" in ended.err
    assert b"a device" in ended.err


def test_zero_bytes(tmp_path: Path) -> None:
    """No text."""
    (tmp_path / "rules.v4").write_bytes(HEAD.encode() + b"-A INPUT -s 192.0.2.1\0 -j ACCEPT\nCOMMIT\n")
    ended = run(tmp_path, "rules.v4")
    assert ended.status == 2
    assert b"a zero byte in line 5" in ended.err


HOSTILE = "mail\n::error::x\x1b[31m\r`<b>|@all\udcff"
"""A line break, a workflow command, a terminal escape, markup, a mention, a byte that is no UTF-8."""


@pytest.mark.parametrize("reporter", REPORTERS)
def test_names_that_hurt(reporter: str, tmp_path: Path) -> None:
    """A folder and a comment of that name are printed escaped in every format, and the report is well formed."""
    folder = tmp_path / HOSTILE
    folder.mkdir()
    comment = HOSTILE.replace("\n", " ").replace("\r", " ")
    line = f'-A INPUT -p tcp -m comment --comment "{comment}" -m tcp --dport 11211 -j ACCEPT'
    (folder / "rules.v4").write_bytes(dump([line]).encode("utf-8", "surrogateescape"))
    ended = run(tmp_path, "--format", reporter, ".")
    assert ended.status == 1
    for stream in (ended.out, ended.err):
        assert b"\x1b" not in stream
        assert b"\r" not in stream
        assert b"\n::error::x" not in stream
    assert faults(reporter, ended.out.decode(), ended.err.decode()) == []


COMMANDS = (
    ("exposure", "."),
    ("exposure", "--format", "json", "."),
    ("trace", ".", "--packet", "tcp 203.0.113.9 -> :11211 in eth0"),
    ("--show-files", "."),
    ("--statistics", "."),
    ("baseline", "."),
    ("init", "."),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_names_that_hurt_elsewhere(words: tuple[str, ...], tmp_path: Path) -> None:
    """What is no report escapes them, too."""
    folder = tmp_path / HOSTILE
    folder.mkdir()
    (folder / "rules.v4").write_text(dump(["-A INPUT -p tcp -m tcp --dport 11211 -j ACCEPT"]), encoding="utf-8")
    ended = run(tmp_path, *words)
    for stream in (ended.out, ended.err):
        assert b"\x1b" not in stream
        assert b"\r" not in stream
        assert b"\n::error::x" not in stream
