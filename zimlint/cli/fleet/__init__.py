"""``zimlint --jobs N PATH...`` and ``--executor URL``: many hosts, one by one.

Invariant: however many processes there are, the report is the same, and that of a run without them.
Invariant: a host that zimlint fails on is named, and the others are reported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from zimlint.cli.fleet.plan import Planned, plan, settings_of
from zimlint.cli.fleet.pool import results
from zimlint.cli.fleet.stream import Progress, Spoken, Stream, in_words, slim, streams, table
from zimlint.cli.fleet.unit import Failure, Task, packed, unpacked
from zimlint.cli.inputs import Batch, say_unread
from zimlint.cli.linted import Linted, folders_of, joined, judged, known_sites, thresholds
from zimlint.cli.maps import MOST
from zimlint.cli.options import LintOptions
from zimlint.cli.output import complain, warn
from zimlint.cli.publish import publish
from zimlint.cli.sites import KnownSite, own_rules
from zimlint.cli.status import OUR_BUG, UNUSABLE
from zimlint.engine import Job, in_vain
from zimlint.exposure import ExposureMap
from zimlint.finding import Report, Unread
from zimlint.host import Host


def run_fleet(options: LintOptions) -> int:
    """Lint, print the reports as they come, return the exit status."""
    stream = Stream(options) if streams(options) else None
    linted, failures = lint_fleet(options, stream)
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


def lint_fleet(options: LintOptions, stream: Stream | None = None) -> tuple[Linted, list[Failure]]:
    """Lint host by host; with a stream, what was printed is not kept."""
    planned, unread = plan(options)
    expected = [Batch(one.found.site, one.hosts) for one in planned]
    known, checks = known_sites(expected, own_rules(options.rules, expected), options)
    gone: list[Unread] = []
    maps: list[ExposureMap] = []
    spoken = None if stream is None else stream.spoken
    done = results(_tasks(planned, known, options, spoken, maps), options)
    progress = Progress(sum(len(one.groups) for one in planned), options.quiet)
    failures: list[Failure] = []
    reports: list[Report] = []
    batches: list[Batch] = []
    for one, site in zip(planned, known, strict=True):
        parts: list[Report] = []
        files: set[str] = set()
        hosts: list[Host] = []
        for host in one.hosts:
            result = next(done)
            progress.erase()
            if isinstance(result, Failure):
                failures.append(result)
                complain(f"internal error in {host.name}, please report it with its files: {result.error}")
            else:
                linted = unpacked(result, site.site)
                if stream is not None:
                    stream.add(linted.text)
                maps += linted.report.maps[: MOST - len(maps)]
                gone += linted.unread
                parts.append(linted.report._replace(maps=()))
                files.update(linted.files)
                hosts.append(host)
            progress.step()
        progress.erase()
        reports.append(_of_site(parts, one, site, options, stream)._replace(files=len(files)))
        batches.append(Batch(one.found.site, tuple(hosts)))
    next(done, None)  # so that the processes end
    report = joined(reports, [*unread, *say_unread(gone)])._replace(maps=tuple(maps))
    return Linted(report, batches, known, thresholds(reports, known, options), checks), failures


def _tasks(
    planned: list[Planned],
    known: list[KnownSite],
    options: LintOptions,
    spoken: Spoken | None,
    maps: Sequence[ExposureMap],
) -> Iterator[Task]:
    """Each host; no more of them are mapped once there are enough ``maps``."""
    today, here = time.strftime("%Y-%m-%d"), os.getcwd()
    for one, site in zip(planned, known, strict=True):
        carried = packed(site)
        for each in one.groups:
            settings = settings_of(each, one.found)
            mapped = options.mapped and len(maps) < MOST
            whole = frozenset(os.path.dirname(part.source.name) for part in each.parts) & set(one.found.complete)
            yield Task(
                each, settings, whole, carried, options.select, options.ignore, today, here, spoken, mapped
            )  # fmt: skip


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
    if stream is not None:
        told = whole._replace(findings=tuple(vain), base=os.getcwd())
        stream.add(in_words(told, stream.spoken))
        vain = list(slim(told).findings)
    return whole._replace(findings=(*whole.findings, *vain))
