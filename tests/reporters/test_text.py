"""The text report, as DESIGN shows it."""

from __future__ import annotations

import pytest

from zimlint.finding import Evidence, Finding, Note, Report, Severity, Unread
from zimlint.model import Step
from zimlint.packets import Family, Packet
from zimlint.reporters import Style, reporter
from zimlint.reporters.excerpt import excerpt
from zimlint.source import Source, Span

LINE = "-A INPUT -p tcp -m multiport --dports 443,7071 -j ACCEPT"
SOURCE = Source("mail1/rules.v4", "\n" * 13 + LINE + "\nCOMMIT\n")
SPAN = Span(SOURCE, 14, 1, 14, len(LINE) + 1)
FINDING = Finding(
    check="admin-console-exposed",
    severity=Severity.ERROR,
    certainty="certain",
    message="admin console 7071/tcp accepts 203.0.113.9",
    host="mail1",
    span=SPAN,
    fix="allow 7071 only from the admin networks, or reach it through ssh",
    families=(Family.IPV4,),
    ports=("7071/tcp",),
    sources=("public",),
    evidence=Evidence(
        Packet(Family.IPV4, 6, 0xCB007109, 40000, None, 7071, "eth0"),
        (Step(Span(SOURCE, 9), "INPUT", "no match"), Step(SPAN, "INPUT", "accept")),
    ),
)


def report(
    *findings: Finding,
    notes: tuple[Note, ...] = (),
    unread: tuple[Unread, ...] = (),
    hosts: tuple[str, ...] = ("mail1",),
    not_understood: tuple[int, int] = (0, 0),
) -> Report:
    return Report(findings, notes, unread, hosts, 2, *not_understood)


def test_a_finding_as_the_design_shows_it() -> None:
    assert reporter("text")(report(FINDING), Style()).findings == (
        f"error[admin-console-exposed]: admin console 7071/tcp accepts 203.0.113.9\n"
        f"  --> mail1/rules.v4:14:1\n"
        f"   |\n"
        f"14 | {LINE}\n"
        f"   | {'^' * len(LINE)}\n"
        f"   = packet  tcp 203.0.113.9 -> :7071, new, on eth0\n"
        f"   = path    INPUT line 9 no match, line 14 ACCEPT\n"
        f"   = fix     allow 7071 only from the admin networks, or reach it through ssh\n"
    )


def test_a_possible_finding_says_so_twice() -> None:
    text = reporter("text")(report(FINDING._replace(certainty="possible")), Style()).findings
    assert "accepts 203.0.113.9 (possible)\n" in text
    assert "= perhaps only if what the text alone does not settle" in text


def test_related_places_are_listed_up_to_six() -> None:
    related = tuple((Span(SOURCE, line), "the same over IPv6") for line in range(1, 10))
    text = reporter("text")(report(FINDING._replace(related=related)), Style()).findings
    assert "= see     mail1/rules.v4:1:1: the same over IPv6\n" in text
    assert text.endswith("= see     3 more places\n")


def test_colour_only_where_it_is_asked_for() -> None:
    assert "\x1b[1;31merror[" in reporter("text")(report(FINDING), Style(colour=True)).findings
    assert "\x1b" not in reporter("text")(report(FINDING), Style()).findings


def test_foreign_text_is_escaped_everywhere() -> None:
    source = Source("a\nb\x1b[2J", "-A INPUT --comment \x1b[31m\u202e -j ACCEPT")
    finding = FINDING._replace(message="x\ny", span=Span(source, 1, 1, 1, 20), evidence=None, fix="z\x07")
    rendered = reporter("text")(
        report(finding, notes=(Note("partial-view", "h\x1b", "m\n"),), unread=(Unread("u", "r"),)), Style()
    )
    assert not any(ord(character) < 32 and character != "\n" for character in rendered.findings + rendered.remarks)
    assert "a\\nb\\x1b[2J:1:1" in rendered.findings
    assert "h\\x1b: m\\n\n" in rendered.remarks


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (report(), "1 host, 2 files: no findings"),
        (report(FINDING, FINDING), "1 host, 2 files: 2 errors"),
        (
            report(FINDING._replace(severity=Severity.INFO), FINDING, hosts=("a", "b")),
            "2 hosts, 2 files: 1 error, 1 info",
        ),
        (
            report(not_understood=(12, 1)),
            "1 host, 2 files: no findings; 12 lines not understood in 1 file",
        ),
        (report(unread=(Unread("x", "empty"),)), "1 host, 2 files: no findings; 1 input not read"),
    ],
)
def test_summary_counts_and_never_hides_what_was_not_understood(given: Report, said: str) -> None:
    assert reporter("text")(given, Style()).remarks == said + "\n"


def test_quiet_leaves_findings_only() -> None:
    rendered = reporter("text")(report(FINDING, notes=(Note("partial-view", "mail1", "m"),)), Style(quiet=True))
    assert rendered.remarks == ""
    assert rendered.findings


@pytest.mark.parametrize(
    ("line", "columns", "shown", "carets"),
    [
        ("ab cd", (4, 6), "ab cd", "   ^^"),
        ("a\tb", (3, 4), "a    b", "     ^"),
        ("漢 x", (3, 4), "漢 x", "   ^"),
        ("a\x1bb", (3, 4), "a\\x1bb", "     ^"),
        ("", (1, 1), "", "^"),
        ("abc", (4, 4), "abc", "   ^"),
        ("abc", (9, 12), "abc", "   ^"),
    ],
)
def test_carets_stand_under_what_they_mark(line: str, columns: tuple[int, int], shown: str, carets: str) -> None:
    assert excerpt(line, *columns) == (shown, carets)


def test_a_long_line_is_cut_around_its_mark() -> None:
    line = "x" * 300 + "HERE" + "y" * 300
    cut = excerpt(line, 301, 305)
    assert len(cut.text) < 130
    assert cut.text[cut.carets.index("^") : cut.carets.index("^") + 4] == "HERE"
    assert cut.text.startswith("...")
    assert cut.text.endswith("...")
    whole = excerpt(line, 1, len(line) + 1)
    assert whole.text == "x" * 120 + "..."
    assert whole.carets == "^" * 120


def test_a_narrow_terminal_breaks_no_word() -> None:
    """All but the first line of a finding, which the terminal itself breaks, fit in it."""
    wide = FINDING._replace(fix="allow it only from the networks that need it, and from no others. " * 3)
    lines = reporter("text")(report(wide), Style(columns=70)).findings.splitlines()
    assert len(lines) > 10
    assert all(len(line) <= 70 for line in lines[1:])


def test_the_first_line_is_folded_on_a_terminal_only() -> None:
    finding = FINDING._replace(
        message="admin console 7071/tcp and " + "a long list of names " * 8, certainty="possible"
    )
    plain = reporter("text")(report(finding), Style(columns=60)).findings.splitlines()
    assert plain[1].startswith("  -->")
    lines = reporter("text")(report(finding), Style(columns=60, folded=True)).findings.splitlines()
    head = lines[: lines.index(plain[1])]
    assert len(head) > 2
    assert all(len(line) <= 60 for line in head)
    assert all(line.startswith("    ") for line in head[1:])
    assert " ".join(map(str.strip, head)) == " ".join(plain[0].split())
    coloured = reporter("text")(report(finding), Style(colour=True, columns=60, folded=True)).findings
    assert coloured.startswith("\x1b[1;31merror[admin-console-exposed]\x1b[0m: \x1b[1madmin console")
