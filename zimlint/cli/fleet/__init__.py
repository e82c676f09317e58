"""``zimlint --jobs N PATH...`` and ``--executor URL``: many hosts, one by one.

Invariant: however many processes there are, the report is the same, and that of a run without them.
Invariant: a host that zimlint fails on is named, and the others are reported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from zimlint.checks import load_checks
from zimlint.cli.fleet.plan import Planned, filled, plan
from zimlint.cli.fleet.pool import results
from zimlint.cli.fleet.stream import Progress, Stream, slim, streams, table
from zimlint.cli.fleet.unit import Failure, Task, packed, unpacked
from zimlint.cli.inputs import Batch, say_unread
from zimlint.cli.linted import Linted, folders_of, joined, judged, known_sites, thresholds
from zimlint.cli.options import LintOptions
from zimlint.cli.output import complain, warn
from zimlint.cli.publish import publish
from zimlint.cli.sites import KnownSite, Rules, more_rules
from zimlint.cli.status import OUR_BUG, UNUSABLE
from zimlint.engine import Job, in_vain
from zimlint.finding import Report, Unread
from zimlint.zimbra.catalogue import load_catalogue


def run_fleet(options: LintOptions) -> int:
    """Lint, print the reports as they come, return the exit status."""
    stream = Stream(options) if streams(options) else None
    linted, failures = _linted(options, stream)
    report = judged(linted, options)
    if failures:
        report = report._replace(status=OUR_BUG)
    if not options.quiet and options.reports[0].format == "text" and not options.statistics:
        summary = table(report)
    else:
        summary = ""
    good = True
    if stream is None:
        good = publish(report, options)
    else:
        stream.end(report)
    warn(summary)
    return report.status if good or failures else UNUSABLE


def _linted(options: LintOptions, stream: Stream | None) -> tuple[Linted, list[Failure]]:
    usual = Rules(load_checks(), load_catalogue())
    rules = more_rules(options.rules, usual)
    planned, unread = plan(options)
    batches = [Batch(one.found.site, one.hosts) for one in planned]
    known, checks = known_sites(batches, rules, options)
    gone: list[Unread] = []
    done = results(_tasks(planned, known, usual, options, gone), options)
    progress = Progress(sum(len(one.groups) for one in planned), options.quiet)
    failures: list[Failure] = []
    reports: list[Report] = []
    for one, site in zip(planned, known, strict=True):
        parts: list[Report] = []
        files: set[str] = set()
        for host in one.hosts:
            result = next(done)
            progress.erase()
            if isinstance(result, Failure):
                failures.append(result)
                complain(f"internal error in {host.name}, please report it with its files: {result.error}")
            else:
                linted = unpacked(result, site.site)
                parts.append(_kept(linted.report, stream))
                files.update(linted.files)
            progress.step()
        progress.erase()
        reports.append(_of_site(parts, one, site, options, stream)._replace(files=len(files)))
    next(done, None)  # so that the processes end
    report = joined(reports, [*unread, *say_unread(gone)])
    return Linted(report, batches, known, thresholds(reports, known, options), checks), failures


def _tasks(
    planned: list[Planned], known: list[KnownSite], usual: Rules, options: LintOptions, gone: list[Unread]
) -> Iterator[Task]:
    """Each host, read when its turn has come."""
    today, here = time.strftime("%Y-%m-%d"), os.getcwd()
    for one, site in zip(planned, known, strict=True):
        carried = packed(site, usual, options)
        for each in one.groups:
            ready = filled(each, one.found)
            gone += ready.unread
            whole = frozenset(os.path.dirname(part.source.name) for part in each.parts) & set(one.found.complete)
            yield Task(ready.group, ready.default_ufw, whole, carried, options.select, options.ignore, today, here)


def _kept(report: Report, stream: Stream | None) -> Report:
    """What is kept of a host's report: all of it, unless it was printed."""
    if stream is None:
        return report
    stream.add(report._replace(base=os.getcwd()))
    return report._replace(findings=tuple(map(slim, report.findings)))


def _of_site(
    parts: list[Report], planned: Planned, known: KnownSite, options: LintOptions, stream: Stream | None
) -> Report:
    """The hosts of one site together, with what its site file ignores in vain."""
    whole = joined(parts, [])
    jobs = [Job(host, known.site) for host in planned.hosts]
    asked = {check.id: check for check in whole.checks}
    vain = in_vain(
        jobs,
        known.rules.catalogue,
        known.rules.checks,
        asked,
        whole.findings,
        whole.suppressed,
        time.strftime("%Y-%m-%d"),
        folders_of(options),
    )
    told = _kept(whole._replace(findings=tuple(vain)), stream)
    return whole._replace(findings=(*whole.findings, *told.findings))
