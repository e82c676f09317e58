"""What was read and judged, and what a baseline leaves of it: for every command and executor that lints.

Invariant: nothing is printed or written here.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from zimlint.cli.ids import known_check
from zimlint.cli.inputs import Batch, must_read, read_inputs
from zimlint.cli.options import LintOptions
from zimlint.cli.sites import KnownSite, Rules, known_site, own_rules, warn_of_missing
from zimlint.cli.status import CLEAN, FINDINGS, UNUSABLE
from zimlint.engine import Job, lint
from zimlint.finding import Report, Severity, Unread
from zimlint.source import ConfigError


class Linted(NamedTuple):
    """What was read and found, before a baseline is looked at."""

    report: Report
    batches: list[Batch]
    known: list[KnownSite]
    """The site of each batch."""
    thresholds: list[tuple[Report, Severity]]
    """The report of each batch, and from which severity on its findings fail the run."""
    checks: set[str]
    """The ids of all that there are, asked or not."""


def judged(linted: Linted, options: LintOptions) -> Report:
    """What a baseline leaves of the report, from which severity on it fails the run, and the exit status."""
    _refuse_own_input(linted, options)
    report = linted.report
    if options.baseline is not None:
        report = without_known(linted, options.baseline)
    left = set(map(id, report.findings))
    failed = any(
        finding.severity >= threshold and id(finding) in left
        for part, threshold in linted.thresholds
        for finding in part.findings
    )
    status = UNUSABLE if report.unread else FINDINGS if failed else CLEAN
    least = min((threshold for _, threshold in linted.thresholds), default=Severity.WARNING)
    return report._replace(fail_on=least, status=status)


def _refuse_own_input(linted: Linted, options: LintOptions) -> None:
    """A report never takes the place of a file that it is about."""
    files = {os.path.realpath(wanted.file): wanted.file for wanted in options.reports if wanted.file is not None}
    sources = (source for batch in linted.batches for host in batch.hosts for source in host.sources) if files else ()
    for source in sources:
        if os.path.realpath(source.name) in files:
            raise ConfigError(
                f"--output {files[os.path.realpath(source.name)]}: this file is among those that are linted"
            )


def without_known(linted: Linted, file: str) -> Report:
    """The report without the findings that a baseline knows."""
    from zimlint.baseline import only_new, read_baseline  # most runs have none
    from zimlint.fingerprint import path_from
    from zimlint.source import decodable

    report = linted.report
    known = read_baseline(must_read(file))
    base = os.getcwd() if file == "-" else os.path.dirname(os.path.abspath(file))
    names = [source.name for batch in linted.batches for host in batch.hosts for source in host.sources]
    there = {entry.file for entry in known if entry.file == "-" or os.path.exists(os.path.join(base, entry.file))}
    read = {decodable(path_from(name, report.base, base)) for name in names}
    return only_new(report, known, base, checks=linted.checks, read=read, there=there)


def lint_inputs(options: LintOptions) -> Linted:
    """Read and judge what the options name."""
    batches, unread = read_inputs(options.inputs, options.config)
    known, checks = known_sites(batches, own_rules(options.rules, batches), options)
    reports = [_report(batch, one, options) for batch, one in zip(batches, known, strict=True)]
    return Linted(joined(reports, unread), batches, known, thresholds(reports, known, options), checks)


def known_sites(batches: list[Batch], rules: Rules, options: LintOptions) -> tuple[list[KnownSite], set[str]]:
    """The site of each batch, and the ids of all checks that there are; what is misspelt is said."""
    known = [known_site(batch, rules) for batch in batches]
    checks = rules.checks.keys() | {name for one in known for name in one.rules.checks}
    known_check(checks, *options.select, *options.ignore)
    warn_of_missing(batches, known, folders_of(options))
    return known, checks


def thresholds(reports: list[Report], known: list[KnownSite], options: LintOptions) -> list[tuple[Report, Severity]]:
    """From which severity on the findings of each report fail the run."""
    severities = [Severity[(options.fail_on or one.site.fail_on).upper()] for one in known]
    return list(zip(reports, severities, strict=True))


def _report(batch: Batch, known: KnownSite, options: LintOptions) -> Report:
    jobs = [Job(host, known.site) for host in batch.hosts]
    return lint(
        jobs,
        known.rules.catalogue,
        known.rules.checks,
        select=options.select,
        ignore=options.ignore,
        today=time.strftime("%Y-%m-%d"),
        folders=folders_of(options),
    )


def folders_of(options: LintOptions) -> list[str]:
    """What was read as a whole."""
    return [path for path in options.inputs.paths if path != "-" and os.path.isdir(path)]


def joined(reports: list[Report], unread: list[Unread]) -> Report:
    """The reports of several sites as one."""
    return Report(
        findings=tuple(finding for report in reports for finding in report.findings),
        notes=tuple(note for report in reports for note in report.notes),
        unread=tuple(unread),
        hosts=tuple(host for report in reports for host in report.hosts),
        files=sum(report.files for report in reports),
        lines_not_understood=sum(report.lines_not_understood for report in reports),
        files_not_understood=sum(report.files_not_understood for report in reports),
        suppressed=tuple(one for report in reports for one in report.suppressed),
        checks=tuple({check.id: check for report in reports for check in report.checks}.values()),
        base=os.getcwd(),
    )
