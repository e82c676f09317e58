"""One ruleset and many packets: where zimlint and Linux differ, and what is kept of it.

A kept file is the rules as iptables-restore loads them, with the packets in comments before them:
``# drop: udp 203.0.113.9 -> ...`` is what Linux does; ``(depends)`` after the verdict, that zimlint rightly says so;
``of the peer's flow`` or ``of the host's flow``, that the flow was open before, and by whom. Sets stand beside it.

Invariant: a disagreement is made as small as it gets before it is kept: lines are left out, then words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.kernel.namespace import Lab, Opener
from tests.semantics.meeting import meets, stand_in
from tests.semantics.nearby import says_nothing
from zimlint.cli.packet_text import parse_packet
from zimlint.formats.ipset_save import read_ipset_save
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.model import Ruleset
from zimlint.packets import PORT_PROTOCOLS, PROTOCOL_NAMES, Family, Packet, format_address
from zimlint.semantics.decide import Decision, decide, decide_loopback
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import replay
from zimlint.source import Source


class Probe(NamedTuple):
    """A packet, and who opened its flow if that was open before the rules came."""

    packet: Packet
    opener: Opener | None = None


class Disagreement(NamedTuple):
    """A packet of which zimlint says something else than what Linux does to it."""

    probe: Probe
    linux: str
    zimlint: str


class Experiment(NamedTuple):
    """Rules and sets as text, and the sets that zimlint is not shown."""

    family: Family
    rules: str
    sets: str = ""
    hidden: tuple[str, ...] = ()


def read(experiment: Experiment) -> Ruleset:
    """The rules as zimlint reads them."""
    ruleset = read_iptables_save(Source("rules", experiment.rules), experiment.family)
    held, problems = read_ipset_save(Source("ipset.save", experiment.sets))
    assert problems == ()
    return ruleset._replace(sets={one.name: one for one in held if one.name not in experiment.hidden})


def linux(lab: Lab, experiment: Experiment, probes: Sequence[Probe]) -> list[str] | None:
    """What Linux does to each packet; None where the real tool refuses the rules."""
    first = [probe.packet for probe in probes if probe.opener is None]
    later = [(probe.packet, probe.opener) for probe in probes if probe.opener is not None]
    judged = lab.judge(experiment.family, experiment.rules, experiment.sets, first, later)
    if judged is None:
        return None
    now, after = map(iter, judged)
    return [next(now if probe.opener is None else after) for probe in probes]


def disagreements(ruleset: Ruleset, probes: Sequence[Probe], verdicts: Sequence[str]) -> Iterator[Disagreement]:
    """Where replay says another verdict, or decide has a packet in or out that is not."""
    seen = _Analysis(ruleset)
    for probe, verdict in zip(probes, verdicts, strict=True):
        ours = replay(ruleset, probe.packet)
        paths = set(ours.paths or (ours.verdict,))
        if verdict == "drop" and "reject" in paths and says_nothing(probe.packet):
            paths.add("drop")
        if verdict not in paths:
            yield Disagreement(probe, verdict, ours.verdict)
            continue
        step = next((step for step in ours.path if step.effect.startswith(("dnat", "netmap"))), None)
        if probe.packet.interface == "lo" and step is not None:
            continue  # it may leave the host, and ``decide_loopback`` speaks of what stays
        told = seen.told(probe.packet)
        if told is not None and told not in ("perhaps", "in" if verdict == "accept" else "out"):
            yield Disagreement(probe, verdict, f"{told}, says decide")


class _Analysis:
    """Guards the decisions of a ruleset: they are worked out once for each state."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.decisions = cache(lambda state, lo: (decide_loopback if lo else decide)(ruleset, state))

    def told(self, packet: Packet) -> str | None:
        """Whether the set-wise analysis has the packet in, out or perhaps in; None: it does not speak of it."""
        lo = packet.interface == "lo"
        universe = UNICAST[packet.family]
        if not lo and not (packet.source in universe and (packet.destination or 0) in universe):
            return None
        name = "lo" if lo else stand_in(self.ruleset, packet.interface)
        held: list[Decision] = [d for d in self.decisions(packet.state, lo) if meets(d, packet, name)]
        if not held:
            return "out"
        return "in" if any(decision.certain and not decision.limited for decision in held) else "perhaps"


def smallest(rules: str, wrong: Callable[[str], bool]) -> str:
    """The rules without any line, and without any words of a line, that can go while it stays wrong."""
    lines = _appended(rules.splitlines(), lambda kept: wrong("\n".join(kept) + "\n"))
    lines = _fewest(lines, lambda kept: wrong("\n".join(kept) + "\n"))
    for number, text in enumerate(lines):
        if not text.startswith("-"):
            continue
        parts = re.split(r" (?=(?:! )?-)", text)

        def still_wrong(kept: list[str], number: int = number) -> bool:
            return wrong("\n".join([*lines[:number], " ".join(kept), *lines[number + 1 :]]) + "\n")

        lines[number] = " ".join(_fewest(parts, still_wrong))
    return "\n".join(lines) + "\n"


def _appended(lines: list[str], wrong: Callable[[list[str]], bool]) -> list[str]:
    """The lines with ``-A`` for ``-I``, and without a ``-D`` and what it deletes: then others can go, too."""
    for number, text in enumerate(lines):
        inserted = re.fullmatch(r"-I (\S+)(?: \d+)?(?: (.*))?", text)
        if inserted is not None:
            changed = [*lines[:number], f"-A {inserted[1]} {inserted[2] or ''}".rstrip(), *lines[number + 1 :]]
            lines = changed if wrong(changed) else lines
    for text in [line for line in lines if line.startswith("-D ")]:
        for first in range(lines.index(text)):
            if re.sub(r"^-[AI] (\S+)(?: \d+)?", r"-D \1", lines[first]) == text:
                fewer = [line for line in [*lines[:first], *lines[first + 1 :]] if line is not text]
                if wrong(fewer):
                    lines = fewer
                    break
    return lines


def _fewest(parts: list[str], wrong: Callable[[list[str]], bool]) -> list[str]:
    size = max(len(parts) // 2, 1)
    while True:
        place, changed = 0, False
        while place < len(parts):
            fewer = parts[:place] + parts[place + size :]
            if wrong(fewer):
                parts, changed = fewer, True
            else:
                place += 1 if size == 1 else size
        if size == 1 and not changed:
            return parts
        size = max(size // 2, 1)


def minimal(lab: Lab, experiment: Experiment, found: Disagreement) -> tuple[Experiment, Disagreement]:
    """The smallest rules that show it with the same packet."""
    last = found

    def wrong(rules: str) -> bool:
        nonlocal last
        less = experiment._replace(rules=rules)
        if less.rules.strip() == "" or (verdicts := linux(lab, less, [found.probe])) is None:
            return False
        ruleset = read(less)
        others = list(disagreements(ruleset, [found.probe], verdicts)) if not ruleset.problems else []
        if others:
            last = others[0]
        return bool(others)

    return experiment._replace(rules=smallest(experiment.rules, wrong)), last


def keep(folder: Path, experiment: Experiment, found: Disagreement) -> Path:
    """Write a case into the folder from which it is replayed for good; its name tells the family."""
    name = "found-" + sha256(experiment.rules.encode()).hexdigest()[:8]
    suffix = ".v4" if experiment.family is Family.IPV4 else ".v6"
    path = folder / (name + suffix)
    said = "" if found.zimlint == found.linux else f"# zimlint said: {found.zimlint}\n"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(said + probe_line(found.probe, found.linux) + experiment.rules, encoding="utf-8")
    if "--match-set" in experiment.rules:
        path.with_suffix(".sets").write_text(experiment.sets, encoding="utf-8")
    return path


def probe_line(probe: Probe, verdict: str) -> str:
    """The comment that tells a packet and what becomes of it."""
    flow = "" if probe.opener is None else f" of the {probe.opener}'s flow"
    return f"# {verdict}{flow}: {packet_words(probe.packet)}\n"


class Kept(NamedTuple):
    """What a kept file holds: each packet with what Linux does and what zimlint is to say."""

    experiment: Experiment
    probes: list[tuple[Probe, str, str]]


_LINE = r"^# (accept|drop|reject)( \(depends\))?(?: of the (peer|host)'s flow)?: (.+)$"


def read_kept(path: Path) -> Kept:
    """One kept file."""
    rules = path.read_text(encoding="utf-8")
    sets = path.with_suffix(".sets")
    held = sets.read_text(encoding="utf-8") if sets.exists() else ""
    experiment = Experiment(Family.IPV4 if path.suffix == ".v4" else Family.IPV6, rules, held)
    probes: list[tuple[Probe, str, str]] = []
    for verdict, depends, opener, words in re.findall(_LINE, rules, re.M):
        who: Opener | None = "peer" if opener == "peer" else "host" if opener else None
        probes.append((Probe(parse_packet(words), who), verdict, "depends" if depends else verdict))
    return Kept(experiment, probes)


def packet_words(packet: Packet) -> str:
    """A packet as ``zimlint trace --packet`` reads it."""
    name = PROTOCOL_NAMES.get(packet.protocol, str(packet.protocol))
    assert packet.destination is not None
    ends = [format_address(packet.family, address) for address in (packet.source, packet.destination)]
    kind = ""
    if packet.protocol in PORT_PROTOCOLS:
        form = "[{}]:{}" if packet.family is Family.IPV6 else "{}:{}"
        ends = [form.format(ends[0], packet.source_port), form.format(ends[1], packet.destination_port)]
    elif name in ("icmp", "ipv6-icmp"):
        kind = f" type {packet.destination_port >> 8}/{packet.destination_port & 255}"
    return f"{name} {ends[0]} -> {ends[1]}{kind} in {packet.interface} {packet.state.lower()}"
