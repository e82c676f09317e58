"""What a question is handed: one host with everything that is known and wanted of it.

Invariant: values only; the engine makes a ``Case`` once a host and every question reads it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zimlint.host import Host, Setting
from zimlint.model import FilterRule, Problem, Ruleset
from zimlint.packets import Family, RangeSet, union
from zimlint.semantics.decide import Decision
from zimlint.source import Span, line_span
from zimlint.zimbra.catalogue import Catalogue, Transport
from zimlint.zimbra.site import Node, Site
from zimlint.zimbra.sources import Networks


class Piece(NamedTuple):
    """Ports of one transport that one class of sources reaches through one decision."""

    decision: Decision
    transport: Transport
    ports: RangeSet
    source: str
    """The class: public, lan, admin, cluster, clients or another declared name."""
    addresses: RangeSet


class Opening(NamedTuple):
    """All that one line (or chain default) lets in, and what kind of opening that makes it.

    ``default``: no line, the chain's end; ``everything``: all ports to the public at large; ``wide``: all ports to
    narrower sources; ``source-port``: only for those who choose the source port; ``published``: NAT sends it past
    INPUT; ``unseen``: a profile whose ports the input does not show; ``ports``: some ports.
    """

    kind: str
    rule: FilterRule | None
    chain: str
    pieces: tuple[Piece, ...]

    def ports(self, transport: Transport, source: str) -> RangeSet:
        """The ports of one transport that one class of sources reaches."""
        return union(piece.ports for piece in self.pieces if piece.transport == transport and piece.source == source)


class View(NamedTuple):
    """One ruleset of the host, with what it lets in."""

    ruleset: Ruleset
    openings: tuple[Opening, ...]

    @property
    def family(self) -> Family:
        """The family that it judges."""
        return self.ruleset.family

    def of_kind(self, *kinds: str) -> Iterator[Opening]:
        """The openings of these kinds, in file order."""
        return (opening for opening in self.openings if opening.kind in kinds)


class Case(NamedTuple):
    """One host to judge."""

    host: Host
    site: Site
    node: Node
    catalogue: Catalogue
    networks: Mapping[str, Networks]
    """The classes of sources, public first."""
    views: tuple[View, ...]

    def problems(self) -> tuple[Problem, ...]:
        """All that reading the host brought up."""
        return (*self.host.problems, *(problem for one in self.host.rulesets for problem in one.problems))

    def whole(self) -> tuple[View, ...]:
        """The views that show the whole of what they are about, so that a missing line means something."""
        return tuple(view for view in self.views if view.ruleset.view != "fragment")


def switched_off(case: Case) -> Setting | None:
    """The setting by which ufw does not start at boot; None where it does, or where nobody says."""
    enabled = case.host.settings.get("ENABLED")
    return enabled if enabled is not None and (enabled.boot or "").lower() != "yes" else None


def dump_shows_ufw(case: Case) -> bool:
    """Whether a dump of the host shows ufw's chains loaded."""
    return any(
        ruleset.view == "dump" and any(name.startswith("ufw") for name in ruleset.tables.get("filter", {}))
        for ruleset in case.host.rulesets
    )


def opening_span(view: View, opening: Opening) -> Span:
    """Where an opening is to be shown: its line, else the chain's declaration, else the head of the file."""
    if opening.rule is not None:
        return opening.rule.span
    return chain_span(view.ruleset, "filter", opening.chain)


def chain_span(ruleset: Ruleset, table: str, name: str) -> Span:
    """Where a chain is declared, else the first line of the file."""
    chain = ruleset.tables.get(table, {}).get(name)
    if chain is not None and chain.span is not None:
        return chain.span
    return line_span(ruleset.source, 1, ruleset.source.line(1))
