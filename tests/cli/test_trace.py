"""``zimlint trace``: one packet, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.inputs import GOOD_V4, STATUS, good_host
from zimlint.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return good_host(tmp_path / "mail1").parent


def test_text_names_every_line_and_ends_with_the_verdict(capsys: Capture) -> None:
    assert main(["trace", "mail1", "--packet", "tcp 203.0.113.9 -> :25 in eth0"]) == 0
    assert capsys.readouterr() == (
        "tcp 203.0.113.9 -> :25, new, on eth0\n"
        "  mail1/rules.v4:5-7  INPUT  no match\n"
        "  mail1/rules.v4:8    INPUT  ACCEPT\n"
        "accept\n",
        "",
    )


def test_the_family_of_the_packet_chooses_the_rules(capsys: Capture) -> None:
    main(["trace", "mail1", "--packet", "tcp 2001:db8::9 -> :7071"])
    said = capsys.readouterr().out.splitlines()
    assert said[-2].split() == ["mail1/rules.v6:2", "INPUT", "default", "DROP"]
    assert said[-1] == "drop"


def test_an_unknown_match_is_what_it_depends_on(here: Path, capsys: Capture) -> None:
    line = "-A INPUT -p tcp -m tcp --dport 22 -m geoip --source-country FR -j ACCEPT"
    (here / "mail1" / "rules.v4").write_text(GOOD_V4.replace("COMMIT", f"{line}\nCOMMIT"))
    assert main(["trace", "mail1", "--packet", "tcp 203.0.113.9 -> :22"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"depends on mail1/rules.v4:10: {line}"
    main(["trace", "mail1", "--packet", "tcp 203.0.113.9 -> :22", "--format", "json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "depends"
    assert answer["depends_on"][0]["line"] == 10


def test_a_family_that_was_not_given_is_no_verdict(capsys: Capture) -> None:
    assert main(["trace", "mail1/rules.v4", "--packet", "tcp 2001:db8::9 -> :25"]) == 2
    assert capsys.readouterr().out.endswith("depends on the IPv6 rules, which were not given\n")


def test_json_lines_are_answered_one_for_one(here: Path, capsys: Capture) -> None:
    lines = [
        '{"id": "a", "family": "ipv4", "proto": "tcp", "src": "203.0.113.9", "dport": 25}',
        "",
        '{"id": 2, "proto": "icmp", "src": "203.0.113.9", "icmp_type": 8}',
        '{"proto": "tcp", "src": "203.0.113.9", "dport": 7071, "state": "ESTABLISHED", "in": "eth0", "dst": null}',
    ]
    (here / "packets.jsonl").write_text("\n".join(lines))
    assert main(["trace", "mail1", "--packets", "packets.jsonl", "--format", "json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(answer["id"], answer["verdict"]) for answer in answers] == [
        ("a", "accept"),
        (2, "accept"),
        (None, "accept"),
    ]
    assert answers[0]["path"] == [{"file": "mail1/rules.v4", "line": 8, "chain": "INPUT", "effect": "accept"}]


def test_a_bad_json_line_is_answered_too(here: Path, capsys: Capture) -> None:
    (here / "p").write_text('{"id": 1}\nnonsense\n[]\n{"proto":"tcp","src":"192.0.2.1","dport":25}\n')
    assert main(["trace", "mail1", "--packets", "p", "--format", "json"]) == 2
    said = capsys.readouterr()
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert answers[0] == {"id": 1, "error": "proto is missing: expected tcp, udp, icmp, icmpv6 or a number"}
    assert answers[3]["verdict"] == "accept"
    assert [line.split(": ")[1] for line in said.err.splitlines()] == ["p:1", "p:2", "p:3"]


def test_the_view_that_says_most_is_asked(here: Path, capsys: Capture) -> None:
    (here / "mail1" / "ufw-status.txt").write_text(STATUS)
    main(["trace", "mail1", "--packet", "tcp 203.0.113.9 -> :25"])
    assert "mail1/rules.v4:8" in capsys.readouterr().out


def test_several_hosts_and_none_are_refused(here: Path, capsys: Capture) -> None:
    good_host(here / "mail2")
    assert main(["trace", ".", "--packet", "tcp 203.0.113.9 -> :25"]) == 2
    assert "trace needs one host, but 2 are given: mail1, mail2" in capsys.readouterr().err
    assert main(["trace", "missing", "--packet", "tcp 203.0.113.9 -> :25"]) == 2
    assert capsys.readouterr().err == "zimlint: missing: no such file or directory\n"


def test_a_bad_packet_is_one_line(capsys: Capture) -> None:
    assert main(["trace", "mail1", "--packet", "tcp 203.0.113.9"]) == 2
    assert capsys.readouterr().err.startswith("zimlint: packet 'tcp 203.0.113.9': expected")
