"""The tuples of user.rules: the lines that we say ufw writes for them are the lines that it wrote."""

from __future__ import annotations

import json

import pytest

from tests.corpus import corpus_files
from tests.helpers import lint_files
from zimlint.packets import Family
from zimlint.source import Source
from zimlint.ufw.tuples import read_tuples

HEAD = "*filter\n:ufw-user-input - [0:0]\n:ufw-user-output - [0:0]\n:ufw-user-forward - [0:0]\n### RULES ###\n\n"
TAIL = "\n### END RULES ###\nCOMMIT\n"
SMTP = "### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 in"


def told(*lines: str) -> list[str]:
    """What is said of a user.rules by this check."""
    report = lint_files({"user.rules": HEAD + "".join(f"{line}\n" for line in lines) + TAIL})
    return [finding.message for finding in report.findings if finding.check == "status-tuple-mismatch"]


def test_the_corpus() -> None:
    """Tuples of all versions of ufw with the lines that each wrote, word for word."""
    for path in corpus_files("ufw-testsuite/rules"):
        if path.suffix == ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                text = "\n".join([row["tuple"], *row["rules"]])
                family = Family.IPV6 if row["family"] == "v6" else Family.IPV4
                rules, problems = read_tuples(Source("user.rules", HEAD + text + TAIL), family)
                assert ([rule.agrees for rule in rules], problems) == ([True], ()), text


@pytest.mark.parametrize(
    "line",
    [
        "-A ufw-user-input -p tcp --dport 25 -j ACCEPT",
        "[7:420] -A ufw-user-input -p tcp -m tcp --dport 25 -j ACCEPT",
        "-A ufw-user-input -m multiport -p tcp --dports 25 -j ACCEPT",
        "-A ufw-user-input -p tcp --dport smtp -m comment --comment mail -j ACCEPT",
        "-A ufw-user-input -p tcp --dport 25 -s 0.0.0.0/1 -j ACCEPT\n"
        "-A ufw-user-input -p tcp --dport 25 -s 128.0.0.0/1 -j ACCEPT",
    ],
)
def test_the_same_packets_are_the_same_rule(line: str) -> None:
    assert told(SMTP, line) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((SMTP,), "no line below loads it"),
        ((SMTP, "-A ufw-user-input -p tcp --dport 25 -s 10.0.0.0/8 -j ACCEPT"), "do not load all of it"),
        ((SMTP, "-A ufw-user-input -p tcp --dport 587 -j ACCEPT"), "this line is loaded instead"),
        ((SMTP, "-A ufw-user-input -p tcp --dport 25 -j DROP"), "this line is loaded instead"),
        ((SMTP, "-A ufw-user-forward -p tcp --dport 25 -j ACCEPT"), "this line is loaded instead"),
        ((SMTP.replace("allow", "alow"), "-A ufw-user-input -p tcp --dport 25 -j ACCEPT"), "shows 'deny 25/tcp'"),
        (("-A ufw-user-input -p tcp --dport 25 -j ACCEPT",), "no rule of ufw stands behind this line"),
        ((SMTP.replace(" in", " x_eth0"),), "malformed tuple (iface)"),
        (("### tuple ### allow tcp 25",), "malformed tuple (bad length)"),
        ((SMTP.replace("tcp", "icmp"),), "Skipping malformed tuple"),
        ((SMTP.replace("25", "70000"),), "Skipping malformed tuple"),
        ((SMTP + " comment=zz", "-A ufw-user-input -p tcp --dport 25 -j ACCEPT"), "ends with a Python traceback"),
    ],
)
def test_what_a_hand_left(lines: tuple[str, ...], words: str) -> None:
    """One finding, that says what is wrong."""
    (message,) = told(*lines)
    assert words in message


def test_an_odd_comment_only_loses_its_last_digit() -> None:
    """As ufw 0.36.2 takes it."""
    assert told(SMTP + " comment=6d61696", "-A ufw-user-input -p tcp --dport 25 -j ACCEPT") == []
