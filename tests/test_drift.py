"""Several views of one host: what is a disagreement, what is not, and that it is told once."""

from __future__ import annotations

import pytest

from tests.helpers import FIXTURES, lint_files
from zimlint.finding import Report

HOST = FIXTURES / "hosts" / "single-correct"
SITE = (HOST / ".zimlint.yaml").read_text(encoding="utf-8")
STATUS_ROW = "22/tcp                     ALLOW IN    198.51.100.0/28            # ssh from the admin network\n"


def linted(*changes: tuple[str, str, str], without: tuple[str, ...] = ()) -> Report:
    """The correct host with texts replaced in some of its files."""
    files = {str(path.relative_to(HOST)): path.read_text(encoding="utf-8") for path in sorted(HOST.rglob("*"))
             if path.is_file() and path.name != ".zimlint.yaml" and not path.name.startswith(("sysctl", "after.init"))
             and path.name not in without and path.name not in ("before.init",)}  # fmt: skip
    for name, old, new in changes:
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new)
    return lint_files({f"mail1/{name}": text for name, text in files.items()}, SITE)


def told(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.check, finding.ports) for finding in report.findings]


FIRST = "-A INPUT -j ufw-before-logging-input"


def test_an_exposure_that_only_the_dump_has_is_one_finding_which_says_that_the_files_refuse_it() -> None:
    line = "-A INPUT -p tcp -m tcp --dport 7071 -j ACCEPT"
    report = linted(("rules.v4", FIRST, f"{line}\n{FIRST}"))
    (finding,) = report.findings
    assert finding.check == "admin-console-exposed"
    assert any("refuses it in the files of ufw" in why for _, why in finding.related)


def test_a_service_that_was_shut_by_hand_is_one_finding() -> None:
    report = linted(("rules.v4", FIRST, f"-A INPUT -p tcp -m tcp --dport 993 -j DROP\n{FIRST}"))
    assert [finding.check for finding in report.findings if finding.check in ("drift", "required-port-blocked")] == [
        "drift"
    ]


def test_a_ban_by_hand_is_no_drift() -> None:
    assert told(linted(("rules.v4", FIRST, f"-A INPUT -s 198.18.5.0/24 -j DROP\n{FIRST}"))) == []


@pytest.mark.parametrize("chain", ["f2b-sshd", "DOCKER-USER"])
def test_what_other_programs_do_is_no_drift(chain: str) -> None:
    text = f"-A INPUT -p tcp -m tcp --dport 22 -j {chain}\n-A {chain} -j DROP\n{FIRST}"
    report = linted(
        ("rules.v4", FIRST, text), ("rules.v4", ":ufw-after-forward", f":{chain} - [0:0]\n:ufw-after-forward")
    )
    assert "drift" not in [finding.check for finding in report.findings]


def test_a_plain_status_knows_no_default_and_so_misses_nothing() -> None:
    head = "Logging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n"
    assert told(linted(("ufw-status.txt", head, ""), ("ufw-status.txt", STATUS_ROW, ""))) == []


def test_a_row_that_only_the_status_has() -> None:
    extra = STATUS_ROW.replace("22/tcp", "10022/tcp").replace("# ssh from", "# old")
    assert told(linted(("ufw-status.txt", STATUS_ROW, STATUS_ROW + extra))) == [("drift", ("10022/tcp",))]


def test_a_row_that_the_status_lacks() -> None:
    row = "7071,9071/tcp              ALLOW IN    198.51.100.0/28            # admin consoles\n"
    assert told(linted(("ufw-status.txt", row, ""))) == [("drift", ("7071/tcp", "9071/tcp"))]


def test_a_tree_that_is_switched_off_does_not_drift() -> None:
    report = linted(
        ("etc/ufw/ufw.conf", "ENABLED=yes", "ENABLED=no"), ("rules.v4", FIRST, f"-A INPUT -j DROP\n{FIRST}")
    )
    assert "drift" not in [finding.check for finding in report.findings]


def test_both_families_are_one_finding() -> None:
    first6 = FIRST.replace("ufw-", "ufw6-")
    line = "-A INPUT -p udp -m udp --dport 4500 -s {} -j ACCEPT\n"
    report = linted(
        ("rules.v4", FIRST, line.format("10.9.0.0/16") + FIRST),
        ("rules.v6", first6, line.format("fd00:9::/32") + first6),
        without=("ufw-status.txt",),
    )
    assert [finding.check for finding in report.findings] == ["drift"]
    assert len(report.findings[0].families) == 2
