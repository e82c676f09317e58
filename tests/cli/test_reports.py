"""``--format``, ``--output``, ``--statistics``, ``--show-files`` and the baseline, as a user runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.inputs import ADMIN, BAD_V4, bad_host, good_host
from zimlint.cli import main

Capture = pytest.CaptureFixture[str]
ONLY = ("--select", "admin-console-exposed,memcached-exposed")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    bad_host(tmp_path / "hosts" / "mail1")
    return tmp_path


def test_several_formats_in_one_run(here: Path, capsys: Capture) -> None:
    words = ["--format", "sarif", "--output", "a.sarif", "--format", "text", "--format", "junit", "--output", "b.xml"]
    assert main(["hosts", *ONLY, *words]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("error[admin-console-exposed]")
    assert said.err == "1 host, 2 files: 1 error\n"
    assert json.loads((here / "a.sarif").read_text())["version"] == "2.1.0"
    assert "<testsuites" in (here / "b.xml").read_text()
    assert sorted(os.listdir(here)) == ["a.sarif", "b.xml", "hosts"]


@pytest.mark.parametrize(
    "words",
    [["--format", "json", "--output", "x"], ["--output", "x", "--format", "json"], ["--format=json", "--output=x"]],
)
def test_one_format_and_one_file_in_any_order(words: list[str], here: Path, capsys: Capture) -> None:
    assert main(["hosts", *ONLY, *words]) == 1
    assert capsys.readouterr() == ("", "1 host, 2 files: 1 error\n")
    assert json.loads((here / "x").read_text())["summary"]["error"] == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--format", "json", "--format", "text"], "json and text both go to standard output"),
        (["--output", "a", "--format", "json", "--output", "b"], "--output b belongs after the --format"),
        (["--format", "json", "--output", "a", "--format", "text", "--output", "a"], "two reports to the same file: a"),
        (["--statistics", "--format", "json"], "--statistics goes with the formats text and concise"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], reason: str, here: Path, capsys: Capture) -> None:
    assert main(["hosts", *words]) == 2
    assert capsys.readouterr().err.startswith(f"zimlint: {reason}")
    assert os.listdir(here) == ["hosts"]


def test_a_file_that_cannot_be_written_is_one_line_and_the_rest_is_given(here: Path, capsys: Capture) -> None:
    assert main(["hosts", *ONLY, "--format", "json", "--output", "no/such/x", "--format", "text"]) == 2
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == "zimlint: cannot write no/such/x: no such file or directory"
    assert said.out.startswith("error[")


def test_an_existing_file_keeps_its_mode_and_a_link_stays_a_link(here: Path, capsys: Capture) -> None:
    (here / "real").write_text("old")
    (here / "real").chmod(0o640)
    (here / "link").symlink_to("real")
    assert main(["hosts", "--format", "json", "--output", "link"]) == 1
    assert (here / "link").is_symlink()
    assert (here / "real").stat().st_mode & 0o777 == 0o640
    assert json.loads((here / "real").read_text())
    assert main(["hosts", "--format", "json", "--output", "/dev/null"]) == 1


def test_statistics_and_files(here: Path, capsys: Capture) -> None:
    assert main(["hosts", *ONLY, "--statistics"]) == 1
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["1", "error", "1", "admin-console-exposed"]
    (here / ".zimlint.yaml").write_text("ssh_port: 22\n")
    assert main(["hosts", "--show-files"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["site", "file", ".zimlint.yaml"],
        ["mail1", "iptables-save", "hosts/mail1/rules.v4"],
        ["mail1", "iptables-save", "hosts/mail1/rules.v6"],
    ]


def baseline(capsys: Capture, *words: str) -> list[dict[str, str]]:
    assert main(["baseline", *words, *ONLY]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert isinstance(found, list)
    return found


def test_only_what_is_new_is_reported(here: Path, capsys: Capture) -> None:
    assert main(["baseline", "hosts", "--output", "known.json"]) == 0
    capsys.readouterr()
    assert main(["hosts", "--baseline", "known.json", *ONLY]) == 0
    assert capsys.readouterr() == ("", "1 host, 2 files: no findings; 1 in the baseline\n")
    more = BAD_V4.replace(ADMIN, "# moved\n" + ADMIN + "-A INPUT -p tcp --dport 11211 -j ACCEPT\n")
    (here / "hosts" / "mail1" / "rules.v4").write_text(more)
    assert main(["hosts", "--baseline", "known.json", *ONLY, "--format", "concise"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "error[memcached-exposed]" in line


def test_a_baseline_has_no_line_numbers_and_is_sorted(here: Path, capsys: Capture) -> None:
    bad_host(here / "hosts" / "a")
    found = baseline(capsys, "hosts/mail1", "hosts/a")
    assert [entry["file"] for entry in found] == ["hosts/a/rules.v4", "hosts/mail1/rules.v4"]
    assert [set(entry) for entry in found] == [{"fingerprint", "check", "file", "message"}] * 2


def test_paths_are_told_from_the_folder_of_the_baseline(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "ci").mkdir()
    assert main(["baseline", "hosts", "--output", "ci/known.json"]) == 0
    assert '"../hosts/mail1/rules.v4"' in (here / "ci" / "known.json").read_text()
    monkeypatch.chdir("/")
    assert main([str(here / "hosts"), "--baseline", str(here / "ci" / "known.json"), *ONLY]) == 0
    monkeypatch.chdir(here / "hosts" / "mail1")
    assert main([".", "--baseline", "../../ci/known.json", *ONLY]) == 0
    capsys.readouterr()


def test_what_no_longer_occurs_is_told_and_fails_nothing(here: Path, capsys: Capture) -> None:
    assert main(["baseline", "hosts", "--output", "known.json"]) == 0
    good_host(here / "hosts" / "mail1")
    capsys.readouterr()
    assert main(["hosts", "--baseline", "known.json", *ONLY]) == 0
    said = capsys.readouterr()
    assert (
        "1 known finding of the baseline no longer occurs:\n  admin-console-exposed: hosts/mail1/rules.v4: " in said.err
    )
    main(["hosts", "--baseline", "known.json", *ONLY, "--format", "json"])
    told = json.loads(capsys.readouterr().out)["baseline"]
    assert (told["known"], [entry["check"] for entry in told["gone"]]) == (0, ["admin-console-exposed"])


def test_what_was_not_looked_for_is_not_gone(here: Path, capsys: Capture) -> None:
    good_host(here / "hosts" / "other")
    assert main(["baseline", "hosts", "--output", "known.json"]) == 0
    for words in (["hosts/other", *ONLY], ["hosts", "--select", "memcached-exposed"]):
        main([*words, "--baseline", "known.json"])
        assert "no longer" not in capsys.readouterr().err


def test_prune_takes_out_and_never_adds(here: Path, capsys: Capture) -> None:
    bad_host(here / "hosts" / "mail2")
    assert main(["baseline", "hosts", "--output", "known.json", *ONLY]) == 0
    good_host(here / "hosts" / "mail1")
    bad_host(here / "hosts" / "mail3")
    capsys.readouterr()
    assert main(["baseline", "hosts", "--prune", "known.json", *ONLY]) == 0
    assert capsys.readouterr() == ("", "1 entry taken out, 1 kept; 1 finding not in the baseline, and not added\n")
    files = [entry["file"] for entry in json.loads((here / "known.json").read_text())["findings"]]
    assert files == ["hosts/mail2/rules.v4"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n"schema": "zimlint-baseline/1",\n"findings": [\n<<<<<<< HEAD\n', "4:1: not a baseline: "),
        ('{"schema": "zimlint/1", "findings": []}', "1:1: not a baseline: expected an object"),
        ('{"schema": "zimlint-baseline/1",\n"findings": [\n {"check": "x{"},\n', "4:1: not a baseline: "),
        ('{"schema": "zimlint-baseline/1",\n"findings": [\n{"check": "x{"}]}', "3:1: entry 1: expected an object with"),
        ("[]", "1:1: not a baseline"),
    ],
)
def test_a_bad_baseline_is_one_line_with_its_place(text: str, place: str, here: Path, capsys: Capture) -> None:
    (here / "known.json").write_text(text)
    assert main(["hosts", "--baseline", "known.json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"zimlint: known.json:{place}")
    assert said.err.count("\n") == 1
