"""The pipeline: hosts in, a report out.

Invariant: reads and prints nothing; a finding's evidence was replayed before it is in the report.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from zimlint.checks import AFTERWARDS, Check, text_of
from zimlint.finding import CheckText, Finding, Note, Report, Severity, Suppressed, Unread
from zimlint.host import Host
from zimlint.questions import QUESTIONS
from zimlint.questions.case import Case, View
from zimlint.questions.openings import openings
from zimlint.semantics.decide import decide
from zimlint.settle import settle
from zimlint.suppressions import has_suppressions
from zimlint.zimbra.catalogue import Catalogue
from zimlint.zimbra.site import Site, node_of
from zimlint.zimbra.sources import source_classes

_VIEWS = ("tree", "dump", "status", "fragment")
"""The order in which views of one host are judged: what says most comes first."""


class Job(NamedTuple):
    """One host and the site that it belongs to."""

    host: Host
    site: Site


def lint(
    jobs: Sequence[Job],
    catalogue: Catalogue,
    checks: Mapping[str, Check],
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    unread: Sequence[Unread] = (),
    today: str = "",
    folders: Sequence[str] | None = None,
) -> Report:
    """Judge every host; ``select`` leaves only these checks, ``ignore`` leaves these out.

    ``today`` (``2026-01-31``) ends suppressions. ``folders`` were read as a whole: where they are given, the jobs are
    all there is of their sites, and what a site ignores in vain is told.
    """
    findings: list[Finding] = []
    suppressed: list[Suppressed] = []
    notes: list[Note] = []
    files: dict[str, None] = {}
    blurred: dict[str, int] = {}
    texts: dict[str, CheckText] = {}
    for job in jobs:
        case = make_case(job, catalogue)
        asked = [check for check in checks.values() if _runs(check, job.site, select, ignore)]
        texts.update((check.id, text_of(check)) for check in asked if check.id not in texts)
        found, said = _ask(asked, case)
        if job.site.ignore or has_suppressions(job.host.sources):
            from zimlint.suppressions.weigh import weigh

            weighed = weigh(found, case, checks, [check.id for check in asked], today)
            findings += weighed.left
            suppressed += weighed.suppressed
        else:
            findings += settle(found, case)
        notes += said
        files.update((source.name, None) for source in job.host.sources)
        for ruleset in job.host.rulesets:
            if ruleset.unread_lines:
                blurred[ruleset.source.name] = max(blurred.get(ruleset.source.name, 0), ruleset.unread_lines)
    if folders is not None:
        findings += in_vain(jobs, catalogue, checks, texts, findings, suppressed, today, folders)
    names = tuple(job.host.name for job in jobs)
    return Report(
        findings=tuple(findings),
        notes=tuple(notes),
        unread=tuple(unread),
        hosts=names,
        files=len(files),
        lines_not_understood=sum(blurred.values()),
        files_not_understood=len(blurred),
        checks=tuple(texts.values()),
        suppressed=tuple(suppressed),
    )


def make_case(job: Job, catalogue: Catalogue) -> Case:
    """Everything a question wants to know of one host."""
    host, site = job.host, job.site
    networks = source_classes(site.networks)
    ordered = sorted(host.rulesets, key=lambda ruleset: _VIEWS.index(ruleset.view))
    services = tuple(catalogue.services.values())
    views = tuple(
        View(ruleset, openings(ruleset, decide(ruleset), networks, site.inside, services))
        for ruleset in ordered
        if "filter" not in ruleset.unknown and not any(problem.check == "template" for problem in ruleset.problems)
    )
    node = node_of(site, host.name, [source.name for source in host.sources])
    return Case(host, site, node, catalogue, networks, views)


def in_vain(
    jobs: Sequence[Job],
    catalogue: Catalogue,
    checks: Mapping[str, Check],
    asked: Collection[str],
    findings: Sequence[Finding],
    suppressed: Sequence[Suppressed],
    today: str,
    folders: Sequence[str],
) -> list[Finding]:
    """The entries of ``ignore`` that end or cover nothing, site by site."""
    found: list[Finding] = []
    for site in {id(job.site): job.site for job in jobs if job.site.ignore}.values():
        from zimlint.suppressions.ignores import left_over

        files = [source.name for job in jobs if job.site is site for source in job.host.sources]
        found += left_over(
            site, checks, catalogue, asked=asked, files=files, folders=folders, findings=findings,
            suppressed=suppressed, today=today,
        )  # fmt: skip
    return found


def _runs(check: Check, site: Site, select: Collection[str], ignore: Collection[str]) -> bool:
    """Whether a check is asked.

    One that is not asked (``off``, ``--ignore``) accepts no fault: what it would have been told in the stead of comes
    up. A fault is accepted by suppressing its finding, or with a baseline, which knows findings as they are told.
    """
    if check.id in ignore or (select and check.id not in select):
        return False
    word = site.severity.get(check.id, "off" if check.severity == "off" else "")
    return word != "off" or check.id in select


def _ask(checks: Iterable[Check], case: Case) -> tuple[list[Finding], list[Note]]:
    findings: list[Finding] = []
    notes: list[Note] = []
    for check in checks:
        if check.question == AFTERWARDS:
            continue
        for answer in QUESTIONS[check.question](check, case):
            if isinstance(answer, Finding):
                findings.append(answer)
            else:
                notes.append(answer)
    return findings, notes


def worst(report: Report) -> Severity | None:
    """The gravest severity in a report, None where there is no finding."""
    return max((finding.severity for finding in report.findings), default=None)
