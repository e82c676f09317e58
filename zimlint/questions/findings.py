"""Making findings: the words, the severity and the proof that all questions share.

Invariant: a finding's ports and sources are exactly what its packets reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zimlint.checks import Check
from zimlint.finding import Certainty, Evidence, Finding, Severity
from zimlint.packets import Family, Packet, RangeSet, format_address
from zimlint.questions.case import Case, Piece, View
from zimlint.questions.witness import most_usual_first, prove, witness
from zimlint.source import Span
from zimlint.zimbra.catalogue import Service

MAX_NAMED = 4
"""More services than that are counted in a message; ``Finding.ports`` always has all."""


def default_severity(check: Check, case: Case) -> Severity:
    """What the site says, else the check itself; an ``off`` check that is asked for all the same informs."""
    word = case.site.severity.get(check.id)
    if word is not None and word != "off":
        return Severity[word.upper()]
    return check.severity if isinstance(check.severity, Severity) else Severity.INFO


def finding(
    check: Check,
    case: Case,
    span: Span,
    message: str,
    *,
    severity: Severity | None = None,
    certainty: Certainty = "certain",
    families: Sequence[Family] = (),
    ports: Sequence[str] = (),
    sources: Sequence[str] = (),
    evidence: Evidence | None = None,
    related: Sequence[tuple[Span, str]] = (),
) -> Finding:
    """A finding of one host; ``severity`` is what the question found, unless the site decides otherwise."""
    chosen = severity if severity is not None and check.id not in case.site.severity else default_severity(check, case)
    if certainty == "possible" and evidence is not None and evidence.depends_on:
        hint = " (give `ipset save` beside the dump)" if "the set" in evidence.depends_on else ""
        message += f", depending on {evidence.depends_on}{hint}"
    words = {
        "ports": _some(ports) or "these ports",
        "sources": ", ".join(sources) or "these sources",
        "networks": "the networks that need it",
    }
    return Finding(
        check.id, chosen, certainty, message, case.host.name, span, _filled(check.fix, words), tuple(families),
        tuple(ports), tuple(sources), evidence, tuple(related),
    )  # fmt: skip


def _some(labels: Sequence[str]) -> str:
    """A list that can be read: the first few, and how many more."""
    return ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text


def proof(view: View, pieces: Sequence[Piece], ports: Iterable[tuple[str, int]]) -> tuple[Certainty, Evidence] | None:
    """The best packet among the pieces to one of (transport, port): a certain one before a possible one."""
    best: tuple[Piece, int] | None = None
    pieces = most_usual_first(pieces, view.family)
    for transport, port in ports:
        for piece in pieces:
            if piece.transport == transport and port in piece.ports:
                if piece.decision.certain:
                    return "certain", prove(view.ruleset, witness(view.ruleset, piece, port), "certain")
                if best is None and not is_secret(view, piece, port):
                    best = piece, port
    if best is None:
        return None
    evidence = prove(view.ruleset, witness(view.ruleset, *best), "possible")
    if best[0].decision.nameless:
        evidence = evidence._replace(depends_on="an interface that no line names")
    return "possible", evidence


def is_secret(view: View, piece: Piece, port: int) -> bool:
    """Whether a piece is for those only who have knocked."""
    from zimlint.questions.knocking import by_knocking  # only for what an unknown match decides

    return by_knocking(view.ruleset, witness(view.ruleset, piece, port))


def service_words(services: Sequence[Service]) -> str:
    """``admin console 7071/tcp, 9071/tcp``: each name once, with its ports."""
    named: dict[str, list[str]] = {}
    for service in services:
        named.setdefault(service.name, []).append(service.label)
    words = [f"{name} {', '.join(labels)}" for name, labels in named.items()]
    if len(words) > MAX_NAMED:
        return ", ".join(words[: MAX_NAMED - 1]) + f" and {len(words) - MAX_NAMED + 1} more services"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def accepts(count: int, certainty: Certainty) -> str:
    """The verb of a message."""
    if certainty == "possible":
        return "may accept"
    return "accept" if count > 1 else "accepts"


def origin(packet: Packet) -> str:
    """Where a packet comes from, for a message."""
    return format_address(packet.family, packet.source)


def port_labels(ports: RangeSet, transport: str) -> tuple[str, ...]:
    """``25/tcp``, ``7025-7047/tcp``."""
    return tuple(f"{low}/{transport}" if low == high else f"{low}-{high}/{transport}" for low, high in ports.ranges)


def port_words(case: Case, port: int) -> str:
    """``memcached 11211``, ``port 9999``."""
    service = case.catalogue.services.get((port, "tcp")) or case.catalogue.services.get((port, "udp"))
    return f"{service.name} {port}" if service else f"port {port}"


def in_order(case: Case, sources: Iterable[str]) -> tuple[str, ...]:
    """Classes of sources in their usual order, each once."""
    found = set(sources)
    return tuple(name for name in case.networks if name in found)
