"""What is seen while hosts are being linted: findings as they come, a bar on a terminal, a table at the end.

Invariant: standard output holds what a run without ``--jobs`` prints, to the byte.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import NamedTuple

from zimlint.cli.options import LintOptions
from zimlint.cli.output import say, warn
from zimlint.cli.publish import shown_style
from zimlint.finding import Finding, Report, Severity
from zimlint.reporters import Rendered, Style, reporter
from zimlint.reporters.words import escaped
from zimlint.source import Source

_STREAMED = ("text", "concise", "jsonl")
_MANY = 10
"""Hosts from which on a table is printed."""
_ROWS = 10
_BAR = 30


def streams(options: LintOptions) -> bool:
    """Whether findings can be printed host by host: the format allows it, and nobody needs them all together."""
    first, *others = options.reports
    alone = not others and first.file is None and first.format in _STREAMED
    return alone and options.baseline is None and not options.statistics


class Spoken(NamedTuple):
    """How findings are printed as they come."""

    format: str
    style: Style


class Stream:
    """Prints findings as they come and the rest at the end."""

    def __init__(self, options: LintOptions) -> None:
        self.spoken = Spoken(options.reports[0].format, shown_style(options))
        self._told = False

    def add(self, text: str) -> None:
        """Print the findings of one host, as ``in_words`` says them."""
        if text:
            say(f"\n{text}" if self.spoken.format == "text" and self._told else text)
            self._told = True

    def end(self, report: Report) -> None:
        """Print what stands beside the findings; ``report`` may hold them without their texts."""
        rest, remarks = _parts(report, self.spoken)[1:]
        say(rest)
        warn(remarks)


def in_words(report: Report, spoken: Spoken) -> str:
    """The findings of one host; what stands beside them is said at the end."""
    return _parts(report._replace(notes=(), unread=()), spoken)[0] if report.findings else ""


def _parts(report: Report, spoken: Spoken) -> tuple[str, str, str]:
    rendered: Rendered = reporter(spoken.format)(report, spoken.style)
    if spoken.format != "jsonl":
        return rendered.findings, "", rendered.remarks
    lines = rendered.findings.splitlines(keepends=True)
    count = len(report.findings)
    return "".join(lines[:count]), "".join(lines[count:]), rendered.remarks


def slim(report: Report) -> Report:
    """A report that was printed: enough to count its findings."""
    return report._replace(
        findings=tuple(map(_slim, report.findings)),
        suppressed=tuple(one._replace(finding=_slim(one.finding)) for one in report.suppressed),
    )


def _slim(finding: Finding) -> Finding:
    span = finding.span
    return finding._replace(span=span._replace(source=Source(span.source.name, "")), evidence=None, related=())


class Progress:
    """A bar on a terminal's standard error, and nothing elsewhere."""

    def __init__(self, total: int, quiet: bool) -> None:
        self._total, self._done, self._shown = total, 0, ""
        self._on = not quiet and total > 1 and sys.stderr is not None and sys.stderr.isatty()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        full = self._done * _BAR // max(self._total, 1)
        bar = f"[{'=' * full}{' ' * (_BAR - full)}] {self._done}/{self._total} hosts"
        if self._on:
            self._shown = bar
            warn(f"\r{bar}")

    def erase(self) -> None:
        """Make room for other output."""
        if self._shown:
            warn(f"\r{' ' * len(self._shown)}\r")
            self._shown = ""


def table(report: Report) -> str:
    """Checks by severity, with their findings and hosts, and the hosts with most findings; empty for few hosts."""
    if len(report.hosts) < _MANY or not report.findings:
        return ""
    from tabulate import tabulate

    worst: dict[str, Severity] = {}
    hosts: dict[str, set[str]] = {}
    for finding in report.findings:
        worst[finding.check] = max(finding.severity, worst.get(finding.check, Severity.INFO))
        hosts.setdefault(finding.check, set()).add(finding.host)
    counts = Counter(finding.check for finding in report.findings)
    order = sorted(counts, key=lambda check: (-worst[check], -len(hosts[check]), check))
    checks = [(check, worst[check].word, counts[check], len(hosts[check])) for check in order]
    by_host = Counter(finding.host for finding in report.findings)
    most = sorted(by_host.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [(escaped(host), count) for host, count in most[:_ROWS]]
    clean = len(set(report.hosts) - by_host.keys())
    said = [tabulate(checks, headers=("check", "severity", "findings", "hosts"), tablefmt="simple")]
    said.append(tabulate(rows, headers=("host", "findings"), tablefmt="simple", disable_numparse=[0]))
    more = f"and {len(most) - _ROWS} more hosts; " if len(most) > _ROWS else ""
    return f"\n{said[0]}\n\n{said[1]}\n{more}{clean} without findings\n\n"
