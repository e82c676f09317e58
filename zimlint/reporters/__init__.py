"""The ways to say a report. Adding one is a module with ``render`` and a line in ``REPORTERS``.

Invariant: a reporter looks only at the report; it reads no file but its own templates and prints nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # the command line needs the names only
    from zimlint.finding import Report


class Style(NamedTuple):
    """How a person wants to see it."""

    colour: bool = False
    quiet: bool = False
    """Findings only: no notes, no summary."""
    columns: int = 130
    """How wide the terminal is; without one, wide enough for everything."""
    accepted: bool = False
    """Whether to show what is suppressed or in the baseline, too, where the format has a way to say so."""
    folded: bool = False
    """Whether there is a terminal, so that no line of prose is longer than it is wide."""


class Rendered(NamedTuple):
    """A report as text; each part is empty or ends its last line."""

    findings: str
    """For standard output."""
    remarks: str = ""
    """For standard error: notes and the summary."""


class Reporter(Protocol):
    """What a reporter module offers as ``render``."""

    def __call__(self, report: Report, style: Style) -> Rendered:
        """The report in one format."""
        ...


REPORTERS: dict[str, str] = {
    "text": "zimlint.reporters.text",
    "concise": "zimlint.reporters.concise",
    "json": "zimlint.reporters.json_report",
    "jsonl": "zimlint.reporters.jsonl",
    "sarif": "zimlint.reporters.sarif",
    "github": "zimlint.reporters.github",
    "gitlab": "zimlint.reporters.gitlab",
    "junit": "zimlint.reporters.junit",
    "checkstyle": "zimlint.reporters.checkstyle",
    "markdown": "zimlint.reporters.markdown",
    "html": "zimlint.reporters.html_report",
}
"""Format name to module: only the one that is asked for is loaded."""


def reporter(name: str) -> Reporter:
    """The reporter of a format, or of ``statistics``."""
    render: Reporter = import_module(REPORTERS.get(name, f"zimlint.reporters.{name}")).render
    return render
