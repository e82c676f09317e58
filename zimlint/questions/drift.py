"""Do several views of one host agree?

Invariant: costs nothing where a host has one view.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.questions.case import Case


def drift(check: Check, case: Case) -> Iterator[Finding]:
    """The files of ufw, ``ufw status`` and a dump judge a packet differently."""
    kinds = {view.ruleset.view for view in case.views}
    if len(kinds & {"tree", "dump", "status"}) > 1:
        from zimlint.questions.disagree import disagreements  # compares by packets; most hosts have one view

        yield from disagreements(check, case)
