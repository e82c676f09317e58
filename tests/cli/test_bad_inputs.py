"""Bad input of any kind: one clear line on standard error, status 2, and everything else is still linted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cli.inputs import GOOD_V4, bad_host, good_host
from zimlint.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "binary: a zero byte in line 1"),
        (b"*filter\n\0\nCOMMIT\n", "binary: a zero byte in line 2"),
        (bytes(range(1, 32)) * 8, "binary"),
        (bytes(3000), "binary: a zero byte in line 1"),
        (GOOD_V4.encode("utf-16"), "UTF-16 text"),
        (GOOD_V4.encode("utf-16-le"), "UTF-16 text"),
        (GOOD_V4.encode("utf-16-be"), "UTF-16 text"),
        (b"hello\n", "not an iptables-save dump"),
    ],
)
def test_text_that_is_none(data: bytes, reason: str, here: Path, capsys: Capture) -> None:
    (here / "given").write_bytes(data)
    good_host(here / "mail1")
    assert main(["given", "mail1"]) == 2
    first, summary = capsys.readouterr().err.splitlines()
    assert first.startswith(f"zimlint: given: {reason}")
    assert summary == "1 host, 2 files: no findings; 1 input not read"


def test_findings_of_the_others_are_still_told(here: Path, capsys: Capture) -> None:
    bad_host(here / "mail1")
    assert main(["missing", "mail1"]) == 2
    said = capsys.readouterr()
    assert "error[admin-console-exposed]" in said.out
    assert said.err.startswith("zimlint: missing: no such file or directory\n")


def test_things_that_are_no_files(here: Path, capsys: Capture) -> None:
    os.mkfifo(here / "pipe")
    (here / "dangling").symlink_to("nowhere")
    (here / "circle").symlink_to("circle")
    (here / "folder").mkdir()
    assert main(["pipe", "dangling", "circle", "folder", "/dev/null"]) == 2
    assert capsys.readouterr().err.splitlines()[:5] == [
        "zimlint: pipe: a named pipe, not a regular file",
        "zimlint: dangling: a dangling symbolic link",
        "zimlint: circle: symbolic links that lead in a circle",
        "zimlint: folder: no firewall configuration in this directory",
        "zimlint: /dev/null: a device, not a regular file",
    ]


def test_too_large(here: Path, capsys: Capture) -> None:
    with (here / "rules.v4").open("wb") as file:
        file.truncate(100 << 20)
    assert main(["rules.v4"]) == 2
    assert "zimlint: rules.v4: too large: 100 MiB, at most 64 are read\n" in capsys.readouterr().err
    assert main(["."]) == 2
    assert "zimlint: rules.v4: too large" in capsys.readouterr().err


def test_no_permission(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    with TemporaryDirectory() as folder, as_nobody(folder):
        mail = good_host(Path(folder) / "mail1")
        (mail / "rules.v4").chmod(0)
        (mail / "secret").write_text("x")
        (mail / "secret").chmod(0)
        (Path(folder) / "ufw").mkdir(mode=0)
        monkeypatch.chdir(folder)
        assert main(["mail1", "mail1/secret", "ufw"]) == 2
        monkeypatch.chdir("/")
        assert capsys.readouterr().err.splitlines()[:3] == [
            "zimlint: mail1/rules.v4: permission denied",
            "zimlint: mail1/secret: permission denied",
            "zimlint: ufw: permission denied",
        ]
        (Path(folder) / "ufw").chmod(0o700)


def test_what_may_not_be_opened_in_a_folder_is_said(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Else a host that zimlint could not look at would pass for a clean one."""
    with TemporaryDirectory() as folder, as_nobody(folder):
        mail = good_host(Path(folder) / "mail1")
        (mail / "dump of ip6tables").write_text("*filter\n")
        (mail / "dump of ip6tables").chmod(0)
        (Path(folder) / "mail2").mkdir(mode=0)
        monkeypatch.chdir(folder)
        assert main(["."]) == 2
        monkeypatch.chdir("/")
        assert capsys.readouterr().err.splitlines()[:2] == [
            "zimlint: mail1/dump of ip6tables: permission denied",
            "zimlint: mail2: permission denied",
        ]
        (Path(folder) / "mail2").chmod(0o700)


@contextmanager
def as_nobody(folder: str) -> Iterator[None]:
    """Root may read everything, so be somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.chown(folder, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_unknown_files_of_a_folder_are_passed_over(here: Path, capsys: Capture) -> None:
    mail = good_host(here / "mail1")
    (mail / "README.md").write_text(f"```\n{GOOD_V4}```\n")
    (mail / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (mail / "notes").write_text("to do\n")
    (mail / "empty").write_text("")
    (mail / "rules.v4.bak").write_text(GOOD_V4)
    (mail / ".git").mkdir()
    (mail / ".git" / "rules.v4").write_text(GOOD_V4)
    (mail / "loop").symlink_to(".")
    (mail / "iptables").write_text("#!/bin/sh\n-A INPUT -j ACCEPT\n")
    os.mkfifo(mail / "socket")
    assert main(["mail1"]) == 0
    assert capsys.readouterr() == ("", "1 host, 2 files: no findings\n")


def test_what_is_called_like_a_format_and_cannot_be_read_is_told_inside_a_folder(here: Path, capsys: Capture) -> None:
    mail = good_host(here / "mail1")
    (mail / "rules.v6").write_bytes(GOOD_V4.encode("utf-16"))
    (mail / "ip6tables").symlink_to("nowhere")
    assert main(["mail1"]) == 2
    said = capsys.readouterr().err
    assert "zimlint: mail1/rules.v6: UTF-16 text" in said
    assert "zimlint: mail1/ip6tables: a dangling symbolic link\n" in said


def test_names_that_imitate_output_are_escaped(here: Path, capsys: Capture) -> None:
    name = "a\n1 host, 1 file: no findings\x1b[2J"
    (here / name).write_text("hello\n")
    assert main([name]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    bad_host(here / name[:-4] / "x")
    assert main([name[:-4], "--color", "never"]) == 1
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\n1 host" not in said.out


def test_a_file_that_is_named_twice_is_read_once(here: Path, capsys: Capture) -> None:
    good_host(here / "mail1")
    assert main(["mail1", "mail1/rules.v4", "./mail1/rules.v6"]) == 0
    assert capsys.readouterr().err == "1 host, 2 files: no findings\n"


def test_bytes_that_are_no_utf8_are_read_and_shown(here: Path, capsys: Capture) -> None:
    mail = bad_host(here / "mail1")
    text = (mail / "rules.v4").read_bytes()
    (mail / "rules.v4").write_bytes(text.replace(b"--dport 7071", b'--dport 7071 -m comment --comment "caf\xe9"'))
    assert main(["mail1"]) == 1
    assert "caf\\xe9" in capsys.readouterr().out


def test_a_ruleset_of_nft_is_no_dump_whatever_its_name(here: Path, capsys: Capture) -> None:
    (here / "host").mkdir()
    (here / "host" / "rules.v4").write_text("table inet filter {\n\tchain input {\n\t}\n}\n")
    for given in ("host", "host/rules.v4"):
        assert main([given]) == 2
        said = capsys.readouterr().err
        assert "host/rules.v4: a ruleset of nft, which zimlint does not read" in said
