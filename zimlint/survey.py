"""The second pipeline: hosts in, maps of who reaches what out.

Invariant: reads and prints nothing; judges by the same case, checks and catalogue as ``lint``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zimlint.checks import Check
from zimlint.engine import Job, make_case
from zimlint.exposure import ExposureMap
from zimlint.finding import Note
from zimlint.questions.case import Case, switched_off
from zimlint.questions.chart import chart
from zimlint.questions.notes import note
from zimlint.zimbra.catalogue import Catalogue


def survey(job: Job, catalogue: Catalogue, checks: Mapping[str, Check], *, all_ports: bool = False) -> ExposureMap:
    """The map of one host."""
    case = make_case(job, catalogue)
    return chart(case, checks, tuple(_notes(case, checks)), all_ports=all_ports)


def _notes(case: Case, checks: Mapping[str, Check]) -> Iterator[str]:
    """What limits the map."""
    status = case.host.status
    switch = switched_off(case)
    views = {view.ruleset.view for view in case.views}
    if status is not None and not status.active:
        yield "ufw says that it is inactive: nothing of it is loaded, every port is open"
    elif switch is not None and "tree" in views:
        yield f"ENABLED={switch.boot or ''}: ufw loads nothing at boot; this is what it would load"
    for family in ("IPv4", "IPv6"):
        if any("filter" in ruleset.unknown and ruleset.family.title == family for ruleset in case.host.rulesets):
            yield f"the filter table of {family} is not shown by what was given"
    for check in checks.values():
        if check.question == "note":
            for answer in note(check, case):
                if isinstance(answer, Note):
                    yield answer.message
    lines = sum(view.ruleset.unread_lines for view in case.views)
    if lines:
        yield f"lines that were not understood, and so are not in the map: {lines}"
