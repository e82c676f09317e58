"""Every format: what it prints for a fixture, kept in ``expected/``, and that nothing of the input gets out of it.

``UPDATE_EXPECT=1 pytest tests/reporters/test_formats.py`` writes the files anew; the difference is to be read.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from junitparser import JUnitXml

from tests.helpers import run_zimlint
from tests.reporters.hostile import NASTY, WORDS, hostile
from tests.reporters.test_text import FINDING, report
from zimlint import __version__
from zimlint.finding import CheckText, Report, Severity
from zimlint.reporters import REPORTERS, Style, reporter
from zimlint.source import Source, Span

EXPECTED = Path(__file__).parent / "expected"
FIXTURE = ("checks/memcached-exposed/fires-udp-anywhere", "checks/partial-view/fires-v4-only", "missing")
CHOICE = "memcached-exposed,partial-view"


def said(name: str, given: Report) -> str:
    rendered = reporter(name)(given, Style())
    return rendered.findings


@pytest.mark.parametrize("name", REPORTERS)
def test_a_fixture_in_every_format(name: str) -> None:
    run = run_zimlint(*FIXTURE, "--select", CHOICE, "--format", name)
    text = run.out.replace(__version__, "VERSION")
    expected = EXPECTED / f"report.{name}"
    if os.environ.get("UPDATE_EXPECT"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert run.status == 2


@pytest.mark.parametrize("name", REPORTERS)
def test_nothing_of_the_input_moves_a_cursor_or_starts_a_line(name: str) -> None:
    lines = said(name, hostile("x")).count("\n")
    for word in (*WORDS, NASTY):
        text = said(name, hostile(word))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800-\udfff\ufffe\uffff]", text)
        assert text.endswith("\n")
        if name not in ("text", "junit", "markdown"):  # which wrap
            assert text.count("\n") == lines, word


@pytest.mark.parametrize("name", ["json", "gitlab"])
def test_json_gives_back_what_was_meant(name: str) -> None:
    assert "chain '<b>&amp;' (possible)" in said(name, hostile("<b>&amp;")) or name == "json"
    json.loads(said(name, hostile()))


def test_each_line_of_jsonl_is_whole() -> None:
    lines = [json.loads(line) for line in said("jsonl", hostile()).splitlines()]
    assert [line["type"] for line in lines] == ["finding", "finding", "note", "unread", "summary"]
    assert len({line["fingerprint"] for line in lines[:2]}) == 2


def test_gitlab_paths_and_fingerprints() -> None:
    entries = json.loads(said("gitlab", report(FINDING, FINDING)._replace(base="/srv")))
    assert [entry["location"] for entry in entries] == [{"path": "mail1/rules.v4", "lines": {"begin": 14}}] * 2
    assert len({entry["fingerprint"] for entry in entries}) == 2
    named = report(FINDING._replace(span=Span(Source("/srv/./mail1/rules.v4", ""), 1)))._replace(base="/srv")
    assert json.loads(said("gitlab", named))[0]["location"]["path"] == "mail1/rules.v4"


def unescaped(text: str) -> str:
    """As the runner reads a value (actions/runner, src/Runner.Common/ActionCommand.cs)."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_github_commands_are_read_back_by_the_runners_rules() -> None:
    for line in said("github", hostile()).splitlines():
        head, properties, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
        assert head in ("error", "warning", "notice")
        assert {pair.partition("=")[0] for pair in properties.split(",")} <= {
            "title", "file", "line", "col", "endColumn", "endLine",
        }  # fmt: skip
        assert "%0A::error::x" not in unescaped(properties) or "%250A" in properties
        assert message


def test_github_says_the_gravest_first() -> None:
    minor = FINDING._replace(severity=Severity.INFO)
    commands = [line.split(" ")[0] for line in said("github", report(minor, FINDING)).splitlines()]
    assert commands == ["::error", "::notice"]


def test_junit_is_read_by_a_consumer_and_fails_only_what_fails_the_run() -> None:
    minor = FINDING._replace(severity=Severity.INFO, check="ssh-exposed")
    texts = tuple(CheckText(name, "error", "t", "w", "f") for name in ("admin-console-exposed", "quiet", "ssh-exposed"))
    xml = JUnitXml.fromstring(said("junit", report(FINDING, FINDING, minor)._replace(checks=texts)).encode())
    (suite,) = list(xml)
    assert (suite.name, suite.tests, suite.failures, suite.errors) == ("mail1", 3, 1, 0)
    failed, quiet, below = list(suite)
    assert failed.result[0].message == f"{FINDING.message} (and 1 more)"
    assert quiet.result == []
    assert below.result == []
    assert "info[ssh-exposed]" in (below.system_out or "")
    assert len(list(JUnitXml.fromstring(said("junit", hostile()).encode()))) == 2


def test_checkstyle_is_well_formed_and_keeps_files_together() -> None:
    root = ElementTree.fromstring(said("checkstyle", hostile()))
    assert [len(file) for file in root] == [1, 2]
    assert {error.get("severity") for error in root.iter("error")} == {"error", "warning"}


@pytest.mark.parametrize("word", [*WORDS, NASTY])
def test_markdown_leaves_nothing_of_the_input_outside_of_code(word: str) -> None:
    """Rendered by GitHub's own library, all that is left outside of code is ours."""
    html = cmarkgfm.github_flavored_markdown_to_html(said("markdown", hostile(word)), Options.CMARK_OPT_UNSAFE)
    assert set(re.findall(r"<(\w+)", html)) <= {
        "h2", "p", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre",
    }  # fmt: skip
    assert len(re.findall("<tr>", html)) == 3
    assert all(len(re.findall("<td>", row)) == 4 for row in re.findall(r"(?s)<tr>\n<td>.*?</tr>", html))
    outside = re.sub(r"(?s)<code>.*?</code>|<pre.*?</pre>", "", html)
    ours = (
        "zimlint 1 host, 2 files: 2 warnings; 1 input not read read, : note severity check where what warning "
        "the lines, the packets and what to do"
    )
    assert set(re.sub(r"<[^>]*>", " ", outside).split()) <= set(ours.split(" "))


def test_markdown_is_bounded() -> None:
    text = said("markdown", report(*[FINDING] * 3000))
    assert len(text) < 65_536
    assert re.search(r"\d+ more findings not shown", text)


def test_concise_is_one_line_each() -> None:
    assert (
        said("concise", report(FINDING, FINDING)).splitlines()
        == [f"mail1/rules.v4:14:1: error[admin-console-exposed] {FINDING.message}"] * 2
    )


def test_statistics_count_each_check() -> None:
    other = FINDING._replace(check="ssh-exposed", host="mail2")
    lines = said("statistics", report(other, FINDING, FINDING)).splitlines()
    assert [line.split()[:4] for line in lines[1:]] == [
        ["2", "error", "1", "admin-console-exposed"],
        ["1", "error", "1", "ssh-exposed"],
    ]
