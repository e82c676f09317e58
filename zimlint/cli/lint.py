"""``zimlint PATH...``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection

from zimlint.checks import Check, load_checks
from zimlint.cli import CLEAN, FINDINGS, UNUSABLE
from zimlint.cli.ids import known_check
from zimlint.cli.inputs import Batch, must_read, read_inputs
from zimlint.cli.options import LintOptions
from zimlint.cli.output import say, terminal_columns, wants_colour, warn
from zimlint.engine import Job, lint, worst
from zimlint.finding import Report, Severity, Unread
from zimlint.reporters import Style, reporter
from zimlint.zimbra.catalogue import Catalogue, load_catalogue
from zimlint.zimbra.site import Site


def run_lint(options: LintOptions) -> int:
    """Lint, print the report, return the exit status."""
    checks = load_checks()
    known_check(checks, *options.select, *options.ignore)
    batches, unread = read_inputs(options.inputs, options.config)
    sites = [_site(batch, checks) for batch in batches]
    catalogue = load_catalogue()
    reports = [_report(batch, site, catalogue, checks, options) for batch, site in zip(batches, sites, strict=True)]
    failed = any(_fails(report, options.fail_on or site.fail_on) for report, site in zip(reports, sites, strict=True))
    style = Style(wants_colour(options.color, sys.stdout), options.quiet, terminal_columns(sys.stdout))
    rendered = reporter(options.format)(_joined(reports, unread), style)
    say(rendered.findings)
    warn(rendered.remarks)
    return UNUSABLE if unread else FINDINGS if failed else CLEAN


def _site(batch: Batch, checks: Collection[str]) -> Site:
    if batch.site is None:
        return Site.default()
    from zimlint.zimbra.site_file import read_site  # loads PyYAML, which most runs do not need

    return read_site(must_read(batch.site), checks=checks)


def _report(batch: Batch, site: Site, catalogue: Catalogue, checks: dict[str, Check], options: LintOptions) -> Report:
    jobs = [Job(host, site) for host in batch.hosts]
    return lint(
        jobs,
        catalogue,
        checks,
        select=options.select,
        ignore=options.ignore,
        today=time.strftime("%Y-%m-%d"),
        folders=[path for path in options.inputs.paths if path != "-" and os.path.isdir(path)],
    )


def _fails(report: Report, threshold: str) -> bool:
    severity = worst(report)
    return severity is not None and severity >= Severity[threshold.upper()]


def _joined(reports: list[Report], unread: list[Unread]) -> Report:
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
    )
