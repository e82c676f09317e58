"""What zimlint says: findings, with their proof, and notes.

Invariant: a finding is complete; a reporter looks nowhere else.
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

from zimlint.model import Step
from zimlint.packets import Family, Packet
from zimlint.severity import Severity as Severity  # who knows findings knows how bad they are
from zimlint.source import Span

if TYPE_CHECKING:  # most runs make no map
    from zimlint.exposure import ExposureMap

Certainty = Literal["certain", "possible"]
"""certain: whatever the unknown matches do; possible: only if they go that way."""


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


class CheckText(NamedTuple):
    """What a check says of itself, for formats that explain: every check that was asked, whether it found or not."""

    id: str
    severity: str
    """As it is shipped: error, warning, info, off or note."""
    title: str
    why: str
    fix: str


class Suppressed(NamedTuple):
    """A finding that is left out because somebody allowed it."""

    finding: Finding
    reason: str
    by: Span
    """Where the reason is given."""
    also: tuple[Span, ...] = ()
    """Other places that say so of the rest of its ports."""
    in_site: bool = False
    """Whether the site file gives it, not a comment in what is linted."""


class Unread(NamedTuple):
    """An input that could not be read or told apart at all; makes the exit status 2."""

    file: str
    reason: str


class Known(NamedTuple):
    """One entry of a baseline: a finding that is known, and not to be told again."""

    fingerprint: str
    check: str
    file: str
    message: str


class Report(NamedTuple):
    """The outcome of one run, findings in the order of files and lines."""

    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    unread: tuple[Unread, ...]
    hosts: tuple[str, ...]
    files: int
    lines_not_understood: int = 0
    files_not_understood: int = 0
    checks: tuple[CheckText, ...] = ()
    """Those that were asked."""
    base: str = ""
    """The folder that relative names start from, as an absolute path; empty where it does not matter."""
    fail_on: Severity = Severity.WARNING
    """From this severity on a finding fails the run; of several sites the least."""
    status: int = 0
    """The exit status of the run."""
    known: int | None = None
    """How many findings were left out as known, None without a baseline."""
    gone: tuple[Known, ...] = ()
    """What the baseline knows and no longer occurs."""
    suppressed: tuple[Suppressed, ...] = ()
    baselined: tuple[Finding, ...] = ()
    """Those that the baseline knows."""
    maps: "tuple[ExposureMap, ...]" = ()
    """Who reaches what, one for each host; made only for the format that draws them."""
