"""Who may change the files that make the firewall, and which of them ufw runs.

Invariant: only the write bit for everybody counts, as umasks and checkouts set the one for the group.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.questions.case import Case
from zimlint.questions.findings import finding
from zimlint.source import Source, Span, line_span

_OTHERS_WRITE, _EXECUTE = 0o002, 0o111


def file_mode(check: Check, case: Case) -> Iterator[Finding]:
    """A file is writable for everybody, or an init script of ufw is executable."""
    reports = {view.ruleset.source.name for view in case.views if view.ruleset.view == "status"}
    files = [source for source in (*case.host.sources, *case.host.scripts) if source.name not in reports]
    modes = [source.mode for source in files if source.mode is not None]
    if modes and all(mode & 0o777 == 0o777 for mode in modes):
        return  # a file system that keeps no modes
    writable = [source for source in files if source.mode is not None and source.mode & _OTHERS_WRITE]
    if writable:
        more = f" (and {len(writable) - 1} more)" if len(writable) > 1 else ""
        yield finding(
            check, case, _head(writable[0]),
            f"{os.path.basename(writable[0].name)} is world writable{more}: every user can change the firewall",
            related=[(_head(source), "world writable, too") for source in writable[1:]],
        )  # fmt: skip
    for source in case.host.scripts:
        if source.mode is not None and source.mode & _EXECUTE:
            yield finding(
                check, case, _head(source),
                f"{os.path.basename(source.name)} is executable: ufw runs it whenever it starts or stops, and what it "
                "does to the firewall no rules file shows",
            )  # fmt: skip


def _head(source: Source) -> Span:
    return line_span(source, 1, source.line(1))
