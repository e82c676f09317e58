"""How services are let in, rather than whether: ahead of ufw's own rules, behind a rate limit, or not even ssh.

Invariant: a limit is only told where it decides: what is over it is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from zimlint.checks import Check
from zimlint.finding import Evidence, Finding
from zimlint.model import Opaque
from zimlint.packets import ALL_PORTS, TCP, Family, Packet, RangeSet, parse_address, union
from zimlint.questions.case import Case, Opening, View, opening_span, switched_off
from zimlint.questions.findings import accepts, finding, in_order, origin, proof, service_words
from zimlint.questions.flows import OUTSIDER, decider
from zimlint.questions.outsiders import refused_anyway
from zimlint.questions.witness import SOURCE_PORT, rule_at, witness
from zimlint.semantics.cells import Axis
from zimlint.semantics.decide import decide
from zimlint.semantics.program import RATE_LIMITS
from zimlint.semantics.replay import replay
from zimlint.source import Span
from zimlint.zimbra.catalogue import Service

_BEFORE_FILES = ("before.rules", "before6.rules")
_BEFORE_CHAINS = ("ufw-before-input", "ufw6-before-input")


def ahead(check: Check, case: Case) -> Iterator[Finding]:
    """A line that ufw asks before its own rules lets a service in."""
    for view in case.views:
        for opening in view.openings:
            if opening.kind == "published" or not _before_ufw(opening):
                continue
            services = [s for s in case.catalogue.services.values()
                        if any(p.transport == s.protocol and s.port in p.ports for p in opening.pieces)]  # fmt: skip
            proven = proof(view, opening.pieces, [(service.protocol, service.port) for service in services])
            if proven is None:
                continue
            certainty, evidence = proven
            yield finding(
                check, case, opening_span(view, opening),
                f"{service_words(services)} {accepts(len(services), certainty)} {origin(evidence.packet)} ahead of "
                "every rule of ufw, and ufw status does not show it",
                certainty=certainty, families=[view.family], ports=[service.label for service in services],
                sources=in_order(case, (piece.source for piece in opening.pieces)), evidence=evidence,
            )  # fmt: skip


def _before_ufw(opening: Opening) -> bool:
    if opening.rule is None:
        return False
    return opening.chain in _BEFORE_CHAINS or os.path.basename(opening.rule.span.source.name) in _BEFORE_FILES


def rate_limit(check: Check, case: Case) -> Iterator[Finding]:
    """A rate limit refuses connections to a service that is for everybody; one finding for each limiting line."""
    wanted = check.params.get("ports", ())
    enough = float(str(check.params.get("enough", "10")))
    services = [service for service in case.catalogue.services.values() if service.label in wanted]
    for view in case.views:
        told: dict[tuple[str, int], tuple[_Limit, list[Service]]] = {}
        for opening in view.of_kind("ports", "everything", "default"):
            for service in services:
                limit = _limit(view, opening, service, enough)
                if limit is not None:
                    limited = told.setdefault((limit.span.source.name, limit.span.line), (limit, []))[1]
                    limited += [] if service in limited else [service]
        for limit, limited in told.values():
            verb = "refuse" if len(limited) > 1 else "refuses"
            yield finding(
                check, case, limit.span,
                f"{service_words(limited)} {verb} connections over a limit, {_rate_words(limit.condition)}",
                families=[view.family], ports=[service.label for service in limited], sources=["public"],
                evidence=limit.evidence,
            )  # fmt: skip


class _Limit(NamedTuple):
    """A match that limits a service, its line, and the way of a packet that is over the limit."""

    span: Span
    condition: Opaque
    evidence: Evidence


def _limit(view: View, opening: Opening, service: Service, enough: float) -> _Limit | None:
    """What limits a service for the public, where anybody meets that limit."""
    pieces = [p for p in opening.pieces
              if p.source == "public" and p.transport == service.protocol and service.port in p.ports]  # fmt: skip
    if not pieces or not all(piece.decision.slowed for piece in pieces):
        return None
    packet = witness(view.ruleset, pieces[0], service.port)
    result = replay(view.ruleset, packet)
    paths = result.paths or {}
    for step in result.depends_on:
        rule = rule_at(view.ruleset, step)
        for condition in rule.conditions if rule is not None else ():
            if isinstance(condition, Opaque) and condition.module in RATE_LIMITS and step.span is not None:
                over = paths.get("drop") or paths.get("reject") or result.path
                return _Limit(step.span, condition, Evidence(packet, over)) if _tight(condition, enough) else None
    return None


_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_PER_SECOND = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_RATE = re.compile(r"--(?:limit|hashlimit-upto|hashlimit-above|hashlimit) (\d+)(?:/([smhd])\w*)?")
_TOGETHER = re.compile(r"--connlimit-(?:above|upto) (\d+)")


def _tight(condition: Opaque, enough: float) -> bool:
    """Whether less than ``enough`` new connections a second pass, or fewer at the same time (connlimit)."""
    rate, together = _RATE.search(condition.text), _TOGETHER.search(condition.text)
    if rate:
        return int(rate[1]) / _PER_SECOND[rate[2] or "s"] < enough
    seconds, hits = _recent(condition)
    if condition.module == "recent":  # without a count it is a list of banned addresses
        return bool(hits) and hits / max(seconds, 1) < enough
    return together is None or int(together[1]) < enough


def _recent(condition: Opaque) -> tuple[int, int]:
    found = (re.search(rf"--{key} (\d+)", condition.text) for key in ("seconds", "hitcount"))
    seconds, hits = (int(match[1]) if match else 0 for match in found)
    return seconds, hits


def _rate_words(condition: Opaque) -> str:
    """A limit as a person would say it."""
    rate, together = _RATE.search(condition.text), _TOGETHER.search(condition.text)
    seconds, hits = _recent(condition)
    if rate and condition.module == "limit":
        return f"{_per(rate)} of all senders together"
    if rate:
        return _per(rate)
    if seconds and hits:
        return f"{hits} within {seconds} seconds from one address"
    return f"{together[1]} at a time" if together else f"-m {condition.module} {condition.text}"


def _per(rate: re.Match[str]) -> str:
    return f"{rate[1]} a {_UNITS[rate[2] or 's']}"


def locked_out(check: Check, case: Case) -> Iterator[Finding]:
    """No source reaches ssh, nor, where nobody said its port, any other where it might be instead."""
    if switched_off(case) is not None or (case.host.status is not None and not case.host.status.active):
        return
    elsewhere = _not_ssh(case)
    for kind in dict.fromkeys(view.ruleset.view for view in case.whole()):
        views = [view for view in case.whole() if view.ruleset.view == kind]
        whole = all(_shown(view) for view in views) and any(view.family is Family.IPV4 for view in views)
        if whole and not any(_some_way(view, elsewhere) for view in views):
            view = next(view for view in views if view.family is Family.IPV4)
            packet = Packet(
                view.family, TCP, parse_address(OUTSIDER[view.family])[1], SOURCE_PORT, None, case.site.ssh_port, "eth0"
            )
            hit = refused_anyway(case, view, packet, case.networks["public"].get(view.family, RangeSet()))
            if hit is not None:
                yield finding(
                    check, case, decider(view, hit[1].path), f"no address gets to ssh, port {case.site.ssh_port}",
                    families=sorted({v.family for v in views}, key=lambda family: family.value),
                    ports=[f"{case.site.ssh_port}/tcp"], evidence=Evidence(hit[0], hit[1].path),
                )  # fmt: skip
                return


def _shown(view: View) -> bool:
    chain = view.ruleset.tables.get("filter", {}).get("INPUT")
    return view.ruleset.unread_lines == 0 and (chain is None or chain.default_known)


def _not_ssh(case: Case) -> RangeSet:
    """The tcp ports where ssh does not listen: all but the one that the site names, else what the catalogue and the
    site name for something else."""
    site = case.site
    own = RangeSet([(site.ssh_port, site.ssh_port)])
    if site.ssh_port_given:
        return ALL_PORTS - own
    known = RangeSet((s.port, s.port) for s in case.catalogue.services.values() if s.protocol == "tcp")
    return union((known, *(entry.ports for entry in site.also_allowed if entry.protocol == "tcp"))) - own


def _some_way(view: View, elsewhere: RangeSet) -> bool:
    """Whether anybody reaches, by whatever interface, a tcp port where ssh may be."""
    if any(p.transport == "tcp" and p.ports - elsewhere for opening in view.openings for p in opening.pieces):
        return True
    return any(  # by an interface that is not looked at otherwise
        TCP in decision.cell[Axis.PROTOCOL] and bool(decision.cell[Axis.DPORT] - elsewhere)
        for decision in decide(view.ruleset)
    )
