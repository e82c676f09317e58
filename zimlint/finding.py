"""What zimlint says: findings, with their proof, and notes.

Invariant: a finding is complete; a reporter looks nowhere else.
"""

from enum import IntEnum
from typing import Literal, NamedTuple

from zimlint.model import Step
from zimlint.packets import Family, Packet
from zimlint.source import Span

Certainty = Literal["certain", "possible"]
"""certain: whatever the unknown matches do; possible: only if they go that way."""


class Severity(IntEnum):
    """How bad; a greater number is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The name in reports and in the site file."""
        return self.name.lower()


class Evidence(NamedTuple):
    """The packet that proves a finding, and the way it takes."""

    packet: Packet
    path: tuple[Step, ...]
    depends_on: str = ""
    """What decides, where it is only possible that the packet gets in: ``-m geoip``, ``the set trusted`` ..."""


class Finding(NamedTuple):
    """One judged, located, proven problem."""

    check: str
    severity: Severity
    certainty: Certainty
    message: str
    host: str
    span: Span
    fix: str
    families: tuple[Family, ...] = ()
    ports: tuple[str, ...] = ()
    """``11211/tcp``, ``7025-7047/tcp``."""
    sources: tuple[str, ...] = ()
    """Which of public, lan, admin, cluster, clients get in."""
    evidence: Evidence | None = None
    related: tuple[tuple[Span, str], ...] = ()
    """Other places that belong to it, and why."""


class Note(NamedTuple):
    """Something to know that is no fault: stands once in the summary, never changes the exit status."""

    check: str
    host: str
    message: str


class Unread(NamedTuple):
    """An input that could not be read or told apart at all; makes the exit status 2."""

    file: str
    reason: str


class Report(NamedTuple):
    """The outcome of one run, findings in the order of files and lines."""

    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    unread: tuple[Unread, ...]
    hosts: tuple[str, ...]
    files: int
    lines_not_understood: int = 0
    files_not_understood: int = 0
