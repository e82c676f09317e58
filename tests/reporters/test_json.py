"""The JSON report: frozen as ``zimlint/1``."""

from __future__ import annotations

import json

from tests.reporters.test_text import FINDING, LINE, report
from zimlint import __version__
from zimlint.finding import Note, Unread
from zimlint.reporters import Style, reporter
from zimlint.source import Source, Span


def test_the_whole_object() -> None:
    given = report(FINDING, notes=(Note("partial-view", "mail1", "no IPv6"),), unread=(Unread("x", "empty"),))
    assert json.loads(reporter("json")(given, Style()).findings) == {
        "schema": "zimlint/1",
        "version": __version__,
        "findings": [
            {
                "check": "admin-console-exposed",
                "severity": "error",
                "certainty": "certain",
                "message": "admin console 7071/tcp accepts 203.0.113.9",
                "host": "mail1",
                "file": "mail1/rules.v4",
                "line": 14,
                "column": 1,
                "end_line": 14,
                "end_column": len(LINE) + 1,
                "families": ["ipv4"],
                "ports": ["7071/tcp"],
                "sources": ["public"],
                "packet": {
                    "family": "ipv4",
                    "proto": "tcp",
                    "src": "203.0.113.9",
                    "sport": 40000,
                    "dst": None,
                    "dport": 7071,
                    "in": "eth0",
                    "state": "NEW",
                },
                "path": [{"file": "mail1/rules.v4", "line": 14, "chain": "INPUT", "effect": "accept"}],
                "fix": "allow 7071 only from the admin networks, or reach it through ssh",
                "related": [],
            }
        ],
        "notes": [{"check": "partial-view", "host": "mail1", "message": "no IPv6"}],
        "unread": [{"file": "x", "reason": "empty"}],
        "summary": {"hosts": 1, "files": 2, "error": 1, "warning": 0, "info": 0},
    }


def test_a_span_without_an_end_ends_with_its_line() -> None:
    finding = FINDING._replace(span=Span(FINDING.span.source, 14), evidence=None)
    (found,) = json.loads(reporter("json")(report(finding), Style()).findings)["findings"]
    assert (found["end_line"], found["end_column"], found["packet"], found["path"]) == (14, len(LINE) + 1, None, [])


def test_bytes_that_are_no_utf8_are_valid_json() -> None:
    finding = FINDING._replace(span=Span(Source("caf\udce9\x1b", "x"), 1), message="\udcff é")
    text = reporter("json")(report(finding), Style()).findings
    assert text.isascii()
    assert "\\ud" not in text
    assert json.loads(text)["findings"][0]["message"] == "\\xff é"
