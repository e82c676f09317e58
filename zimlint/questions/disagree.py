"""Packets that two views of one host judge differently: one finding for each line that only one of them has.

What a view cannot know is no disagreement: ``ufw status`` shows the rows of users and the default, nothing of
before.rules, nat or other programs; the files of ufw show nothing that Docker, fail2ban and their like add.
Invariant: both views replay the packet, and the one lets it in and the other refuses it.
Invariant: a packet that more than two views judge differently is told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import Ruleset, Step
from zimlint.packets import TCP, UDP, Family, Packet, RangeSet, union
from zimlint.questions.case import Case, View, chain_span, dump_shows_ufw, switched_off
from zimlint.questions.findings import finding, origin, port_labels, service_words
from zimlint.questions.openings import EPHEMERAL, asked_interfaces
from zimlint.questions.witness import HERE, SOURCE_PORT, readable
from zimlint.semantics.cells import Axis
from zimlint.semantics.compare import Difference, Side, differences, side_by_side
from zimlint.semantics.cutting import Cell
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.source import Span
from zimlint.zimbra.catalogue import TRANSPORTS, Transport
from zimlint.zimbra.tools import comes_and_goes, load_tools

_WORDS = {"tree": "the files of ufw", "dump": "the loaded rules", "status": "ufw status"}
"""The views that are compared, what says most first."""
_OWN = ("ufw-user", "ufw6-user", "ufw-reject", "ufw6-reject")
"""The chains of which ``ufw status`` shows the content."""
_MOST = 20
"""Lines told of for each pair of views: beyond that the two are just two firewalls."""


class _Side(NamedTuple):
    """A view and what it lets in."""

    view: View
    side: Side


class _Gap(NamedTuple):
    """A packet that gets in by one view and not by the other."""

    packet: Packet
    path: tuple[Step, ...]
    refused_at: Span
    source: str


def disagreements(check: Check, case: Case) -> Iterator[Finding]:
    """One finding for each line that lets in what another view refuses."""
    told: list[tuple[Ruleset, Ruleset]] = []
    for family in Family:
        views = [view for kind in _WORDS if (view := _view(case, family, kind)) and _speaks(case, view)]
        if len(views) < 2:
            continue
        sides = [_Side(view, side) for view, side in zip(views, side_by_side([v.ruleset for v in views]), strict=True)]
        for one, other in combinations(sides, 2):
            answers = list(_of_pair(check, case, one, other, told))
            yield from answers
            if answers:
                told.append((one.view.ruleset, other.view.ruleset))


def _of_pair(
    check: Check, case: Case, one: _Side, other: _Side, told: list[tuple[Ruleset, Ruleset]]
) -> Iterator[Finding]:
    files_and_dump = {one.view.ruleset.view, other.view.ruleset.view} == {"tree", "dump"}
    for accepting, refusing in ((one, other), (other, one)):
        for answer in _between(check, case, accepting, refusing, told):
            yield answer
            if files_and_dump and not dump_shows_ufw(case):
                return  # two different firewalls: every packet of them is the same fault


def _view(case: Case, family: Family, kind: str) -> View | None:
    return next((view for view in case.views if view.family is family and view.ruleset.view == kind), None)


def _speaks(case: Case, view: View) -> bool:
    """Whether a view says what the kernel does; where it does not, another check tells why."""
    ruleset = view.ruleset
    if ruleset.unread_lines or any(problem.fatal for problem in ruleset.problems):
        return False
    if view.ruleset.view == "status":
        return case.host.status is None or case.host.status.active
    return view.ruleset.view != "tree" or switched_off(case) is None


def _between(
    check: Check, case: Case, accepted: _Side, refused: _Side, told: list[tuple[Ruleset, Ruleset]]
) -> Iterator[Finding]:
    accepting, refusing, tools = accepted.view, refused.view, load_tools()
    grouped: dict[Span | None, list[tuple[Difference, _Gap]]] = {}
    for difference in differences(accepted.side, refused.side):
        if comes_and_goes(tools, difference.decision.chain) or not _can_know(refusing, difference):
            continue
        gap = _gap(case, accepting, refusing, difference)
        if gap is not None and not any(_apart(one, other, gap.packet) for one, other in told):
            rule = difference.decision.rule
            grouped.setdefault(None if rule is None else rule.span, []).append((difference, gap))
    for span, members in list(grouped.items())[:_MOST]:
        difference, gap = members[0]
        transport: Transport = "tcp" if gap.packet.protocol == TCP else "udp"
        number = TRANSPORTS[transport]
        cells = [cell for each, _ in members for cell in each.cells if number in cell[Axis.PROTOCOL]]
        ports = union(cell[Axis.DPORT] for cell in cells)
        labels = port_labels(ports, transport)
        service = case.catalogue.services.get((gap.packet.destination_port, transport))
        what = service_words([service]) if service else f"{gap.packet.destination_port}/{transport}"
        more = " and more ports" if ports.size() > 1 else ""
        verb = "accept" if more else "accepts"
        yield finding(
            check, case, span or chain_span(accepting.ruleset, "filter", difference.decision.chain),
            f"{what}{more} {verb} {origin(gap.packet)} in {_WORDS[accepting.ruleset.view]}, "
            f"and {'refuse' if more else 'refuses'} it in {_WORDS[refusing.ruleset.view]}",
            families=[accepting.family], ports=labels[:50], sources=[gap.source],
            evidence=Evidence(gap.packet, gap.path),
            related=[(gap.refused_at, f"{_WORDS[refusing.ruleset.view]}: refused here")],
        )  # fmt: skip


def _can_know(refusing: View, difference: Difference) -> bool:
    """Whether the refusing view would show the line that lets in, if it were there."""
    decision = difference.decision
    if refusing.ruleset.view != "status":
        return True
    chain = refusing.ruleset.tables["filter"]["INPUT"]
    return chain.default_known and (decision.rule is None or decision.chain.startswith(_OWN))


def _gap(case: Case, accepting: View, refusing: View, difference: Difference) -> _Gap | None:
    """The best packet of a difference, replayed in both views; None where it is none after all."""
    for source, networks in case.networks.items():
        addresses = networks.get(accepting.family, RangeSet())
        asked = asked_interfaces(accepting.ruleset, source, case.site.inside)
        for cell in difference.cells:
            packet = _packet(case, accepting.family, cell, cell[Axis.SOURCE] & addresses, difference.names, asked)
            if packet is None:
                continue
            into, out = replay(accepting.ruleset, packet, lone=True), replay(refusing.ruleset, packet, lone=True)
            if into.verdict == "accept" and out.verdict in ("drop", "reject"):
                last = out.path[-1]
                if not _refuses_itself(accepting, refusing, last, wholly=cell in difference.wholly):
                    continue
                span = next((step.span for step in reversed(out.path) if step.span is not None), None)
                return _Gap(packet, into.path, span or chain_span(refusing.ruleset, "filter", "INPUT"), source)
    return None


def _refuses_itself(accepting: View, refusing: View, last: Step, *, wholly: bool) -> bool:
    """Whether what refuses is something that the accepting view would show."""
    by_default = last.effect.startswith("default ")
    if by_default:
        chain = refusing.ruleset.tables.get("filter", {}).get(last.chain)
        return chain is None or chain.default_known
    if accepting.ruleset.view == "status":
        return last.chain.startswith(_OWN)
    if refusing.ruleset.view != "dump" or last.chain.startswith("ufw"):
        return True
    # a ban of some addresses is not drift; that nobody gets in any more is, but for a chain of another program
    return wholly and last.chain in accepting.ruleset.tables.get("filter", {})


def _packet(
    case: Case, family: Family, cell: Cell, addresses: RangeSet, names: tuple[str, ...], asked: tuple[str, ...]
) -> Packet | None:
    interfaces = [name for number, name in enumerate(names) if number in cell[Axis.IN] and name in asked]
    if not addresses or not interfaces or not cell[Axis.SPORT] >= EPHEMERAL:
        return None  # who chooses the source port is another matter, and DHCP answers the host's own question
    number = TCP if TCP in cell[Axis.PROTOCOL] else UDP
    ports, destinations = cell[Axis.DPORT], cell[Axis.DESTINATION]
    known = [s.port for s in case.catalogue.services.values() if s.port in ports and TRANSPORTS[s.protocol] == number]
    return Packet(
        family, number, readable(addresses, family), SOURCE_PORT,
        None if UNICAST[family] <= destinations else readable(destinations, family, HERE),
        known[0] if known else ports.first(), "eth0" if "eth0" in interfaces else interfaces[0],
    )  # fmt: skip


def _apart(one: Ruleset, other: Ruleset, packet: Packet) -> bool:
    verdicts = {replay(ruleset, packet, lone=True).verdict == "accept" for ruleset in (one, other)}
    return one.family is packet.family and len(verdicts) == 2
