"""The checks and the catalogue as data: each file is valid, and the JSON that zimlint loads is made of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.make_rules import RULES, TARGET, checks, make_rules, read_source
from zimlint.checks import AFTERWARDS, QUESTIONS, Check, load_checks, read_check
from zimlint.finding import Severity
from zimlint.formats import FORMATS
from zimlint.params import INPUTS
from zimlint.source import ConfigError, Source
from zimlint.yaml_tree import YamlList, YamlMap, read_tree
from zimlint.zimbra.catalogue import load_catalogue

GOOD = """\
id: sample
severity: error
question: exposed
params: {ports: [25/tcp], lan: "off"}
title: a sample
why: Because.
fix: Remove {ports}.
sources: [RFC 1]
"""

SEVERITIES = {
    "memcached-exposed": "error", "internal-port-exposed": "error", "admin-console-exposed": "error",
    "unknown-port-open": "warning", "accepts-everything": "error", "wide-open-source": "warning",
    "source-port-trusted": "error", "published-port-bypasses-input": "error", "ssh-exposed": "warning",
    "protocol-missing": "info", "cleartext-login": "off", "stale-port": "info",
    "default-accept": "error", "firewall-disabled": "error", "ipv6-unfiltered": "error", "ipv6-off": "info",
    "family-mismatch": "warning", "forward-accept": "warning", "policy-misread": "error",
    "default-not-shown": "note",
    "required-port-blocked": "error", "loopback-blocked": "error", "replies-blocked": "error",
    "icmpv6-blocked": "error", "undefined-chain": "error",
    "unreadable-line": "error", "not-loaded": "error", "unknown-match": "info", "template": "info",
    "second-ruleset": "warning",
    "profile-invalid": "error", "profile-opens-internal": "error", "profile-lacks-port": "info",
    "boot-not-enabled": "error", "partial-view": "note", "unused-suppression": "warning",
    "dead-deny": "warning", "dead-allow": "warning", "redundant-rule": "info", "matches-nothing": "warning",
    "unused-chain": "info", "chain-loop": "error", "rule-without-target": "warning",
}  # fmt: skip
"""Ids and severities are promises to users: reports, suppressions and documentation use them."""


def test_ids_and_severities_stay() -> None:
    found = {check.id: _word(check) for check in checks()}
    assert {name: found.get(name) for name in SEVERITIES} == SEVERITIES


def test_the_json_is_fresh() -> None:
    assert TARGET.read_text(encoding="utf-8") == make_rules(), "run: python -m tests.make_rules"


def test_the_json_gives_the_checks_back() -> None:
    assert list(load_checks().values()) == checks()


@pytest.mark.parametrize("path", sorted((RULES / "checks").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_check_reads_well(path: object) -> None:
    check = next(check for check in checks() if check.id == getattr(path, "stem", ""))
    assert re.fullmatch(r"(?:IPv4|IPv6|[a-z]).{1,70}[^.]", check.title)
    assert re.fullmatch(r".{40,420}[.]", check.why)
    assert re.fullmatch(r".{40,420}[.]", check.fix)
    if check.question == "problem":
        for advice in check.params.values():
            assert isinstance(advice, str)
            assert re.fullmatch(r".{40,420}[.]", advice)
            assert len(check.fix) + len(advice) < 420


def test_a_problem_may_have_advice_for_every_format() -> None:
    assert set(INPUTS) == set(FORMATS)


def test_ports_that_checks_name_are_in_the_catalogue() -> None:
    labels = {service.label for service in load_catalogue().services.values()} | {"ssh"}
    classes = {service.exposure for service in load_catalogue().services.values()}
    for check in checks():
        for key in ("ports", "except", "nobody"):
            assert set(check.params.get(key, ())) <= labels, f"{check.id}: {key}"
        assert set(check.params.get("classes", ())) <= classes, check.id


def test_catalogue_rows_have_the_same_keys() -> None:
    """A misspelt key would be lost without a word: every key is one that the loader asks for."""
    rows = read_tree(read_source(RULES / "catalogue" / "ports.yaml"))
    assert isinstance(rows, YamlList)
    known = {
        *("port", "name", "description", "exposure", "roles", "roles_without_proxy", "from_roles", "internet", "admin"),
        *("clients", "attribute", "bind", "binds", "default", "versions", "since", "until", "twin", "why", "note"),
        "sources",
    }
    for row in rows.items:
        assert isinstance(row, YamlMap)
        assert set(row.entries) <= known
        admin = row.entries["admin"]
        assert getattr(admin, "text", None) in ("true", "false")


def test_a_good_check_is_read() -> None:
    check = read_check(Source("rules/checks/sample.yaml", GOOD))
    assert (check.id, check.severity, check.question) == ("sample", Severity.ERROR, "exposed")
    assert check.params == {"ports": ("25/tcp",), "lan": "off"}


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("question: exposed", "question: exposd", (3, 11), "did you mean 'exposed'?"),
        ("severity: error", "severity: fatal", (2, 11), "expected one of error, warning, info, off, note"),
        ("id: sample", "id: Sample_1", (1, 5), "lower-case words"),
        ("id: sample", "id: other", (1, 5), "expected 'sample' like the file's name"),
        ("title: a sample\n", "", (1, 1), "expected the key 'title'"),
        ("why: Because.", "wy: Because.", (6, 1), "unknown key 'wy', did you mean 'why'?"),
        ("{ports}.", "{port}.", (7, 6), "expected no braces but"),
        ("sources: [RFC 1]", "sources: []", (8, 1), "at least one"),
        ("why: Because.", "why:", (6, 5), "found nothing"),
        ("why: Because.", "why: [a]", (6, 6), "expected one word, not a list"),
        ("params: {ports: [25/tcp]", "params: {ports: [[1]]", (4, 18), "expected one word, not a list"),
    ],
)
def test_a_bad_check_is_pointed_at(old: str, new: str, place: tuple[int, int], message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        read_check(Source("sample.yaml", GOOD.replace(old, new)))
    assert message in caught.value.message
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == place


def _word(check: Check) -> str:
    return check.severity.word if isinstance(check.severity, Severity) else check.severity


def test_the_known_questions_are_those_that_exist() -> None:
    from zimlint import questions

    assert sorted(QUESTIONS) == sorted([*questions.QUESTIONS, AFTERWARDS])


def test_start_up_loads_no_yaml_and_no_questions() -> None:
    """Most runs are start-up: YAML alone would cost three times what Python itself does."""
    code = (
        "import sys; from zimlint import checks; from zimlint.zimbra import catalogue, site, sources; "
        "checks.load_checks(); catalogue.load_catalogue(); sources.source_classes(site.Site.default().networks); "
        "sys.exit(' '.join({'yaml', 'lark', 'zimlint.questions'} & set(sys.modules)) or None)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=RULES.parent, check=False).returncode == 0
