"""The same finding has the same fingerprint in another run, and no two have one."""

from __future__ import annotations

from tests.cli.inputs import ADMIN, BAD_V4
from tests.helpers import lint_files
from zimlint.finding import Report
from zimlint.fingerprint import fingerprints, path_from


def found(text: str, name: str = "mail1/rules.v4") -> list[str]:
    report: Report = lint_files({name: text})
    chosen = [finding for finding in report.findings if finding.check == "admin-console-exposed"]
    return fingerprints(chosen, "/srv")


def test_lines_that_come_and_go_change_nothing() -> None:
    first = found(BAD_V4)
    assert len(first) == 1
    assert found("# a comment\n\n" + BAD_V4) == first
    assert found(BAD_V4.replace("-A INPUT -i lo", "-A INPUT -p tcp --dport 587 -j ACCEPT\n-A INPUT -i lo")) == first
    assert found(BAD_V4.replace(ADMIN, f"[12:3456] {ADMIN}")) == first
    assert found(BAD_V4, "/srv/mail1/rules.v4") == first
    assert found(BAD_V4, "./mail1/../mail1/rules.v4") == first


def test_another_line_or_file_is_another_finding() -> None:
    first = found(BAD_V4)
    assert found(BAD_V4.replace("--dport 7071 -j", "--dport 7071 -m comment --comment x -j")) != first
    assert found(BAD_V4, "mail2/rules.v4") != first


def test_equal_findings_are_told_apart() -> None:
    report = lint_files({"mail1/rules.v4": BAD_V4})
    three = (*report.findings, *report.findings, *report.findings)
    hashes = fingerprints(three, "/srv")
    assert len(set(hashes)) == len(three)
    assert hashes[: len(report.findings)] == fingerprints(report.findings, "/srv")


def test_paths_are_told_from_where_one_wants() -> None:
    assert path_from("a/b", "/srv/repo") == "a/b"
    assert path_from("a/b", "/srv/repo", "/srv/repo/ci") == "../a/b"
    assert path_from("/srv/repo/a", "/", "/srv/repo") == "a"
    assert path_from("-", "/srv") == "-"
