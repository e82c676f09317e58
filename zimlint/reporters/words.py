"""Packets, paths and foreign text in words, the same in every report.

Invariant: what comes out of ``escaped`` moves no cursor and starts no line, whatever a file or its name holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from zimlint.finding import Finding
from zimlint.model import Step
from zimlint.packets import ICMP, ICMPV6, PORT_PROTOCOLS, PROTOCOL_NAMES, Family, Packet, format_address
from zimlint.source import Source

DEFAULT_SOURCE_PORT = 40000
"""Any port of a client; only another one is worth a word."""

_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def escaped(text: str) -> str:
    """The text with control characters, direction marks and undecodable bytes spelled out."""
    return text if text.isprintable() else re.sub(_UNSAFE, _spelled, text)


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # surrogateescape: a byte that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return _SHORT.get(found[0]) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def counted(number: int, noun: str, nouns: str = "") -> str:
    """``1 host``, ``2 hosts``, ``3 entries``."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def message_words(finding: Finding) -> str:
    """The message of a finding, with a word where it is only possible; still to be escaped."""
    return f"{finding.message} (possible)" if finding.certainty == "possible" else finding.message


def packet_words(packet: Packet) -> str:
    """``tcp 203.0.113.9 -> :7071, new, on eth0``: what ``zimlint trace --packet`` reads, too."""
    where = f"{packet.state.lower()}, on {escaped(packet.interface)}"
    source = format_address(packet.family, packet.source)
    target = "" if packet.destination is None else format_address(packet.family, packet.destination)
    name = protocol_name(packet.protocol)
    if packet.protocol in PORT_PROTOCOLS:
        if packet.source_port != DEFAULT_SOURCE_PORT:
            source = f"{_bracketed(source)}:{packet.source_port}"
        return f"{name} {source} -> {_bracketed(target)}:{packet.destination_port}, {where}"
    if packet.protocol in (ICMP, ICMPV6):
        kind, code = packet.destination_port >> 8, packet.destination_port & 255
        where = f"type {kind}/{code}, {where}" if code else f"type {kind}, {where}"
    family = ", IPv6" if packet.family is Family.IPV6 and not (source or target) else ""
    return f"{name} {source} -> {target or 'host'}, {where}{family}"


def protocol_name(protocol: int) -> str:
    """``tcp``, ``icmpv6``, or the number of a protocol without a usual name."""
    return "icmpv6" if protocol == ICMPV6 else PROTOCOL_NAMES.get(protocol, str(protocol))


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class Run(NamedTuple):
    """Consecutive steps of one chain in one file with the same effect; a single step is a run of one."""

    source: Source | None
    first: int
    last: int
    chain: str
    effect: str


def runs(path: Sequence[Step]) -> list[Run]:
    """The steps of a path, with lines in a row that did not match taken together."""
    found: list[Run] = []
    source, first, last, chain, effect = None, 0, 0, "", ""
    for span, in_chain, does in path:
        file, line = (None, 0) if span is None else (span.source, span.line)
        if does == effect == "no match" and in_chain == chain and file is source and line >= last:
            last = line
            continue
        if effect:
            found.append(Run(source, first, last, chain, effect))
        source, first, last, chain, effect = file, line, line, in_chain, does
    if effect:
        found.append(Run(source, first, last, chain, effect))
    return found


def path_words(path: Sequence[Step], here: Source) -> str:
    """``INPUT line 9 no match, line 14 ACCEPT``; lines of another file than ``here`` are named with it."""
    words: list[str] = []
    chain = ""
    for run in _idle_together(runs(_without_detours(path))):
        place = _place(run, here)
        if run.chain != chain:
            chain = run.chain
            place = f"{escaped(chain)} {place}".rstrip()
        words.append(f"{place} {effect_words(run.effect)}".strip())
    return ", ".join(words)


def effect_words(effect: str) -> str:
    """An effect with its verdict in capitals, as firewalls spell it."""
    first, _, last = effect.rpartition(" ")
    if last in ("accept", "drop", "reject") and first in ("", "default"):
        return f"{first} {last.upper()}".strip()
    return escaped(effect)


def _place(run: Run, here: Source) -> str:
    if run.source is None or run.effect.startswith("default "):
        return ""
    lines = str(run.first) if run.first == run.last else f"{run.first}-{run.last}"
    if run.source is not here:
        folder, name = os.path.split(run.source.name)
        name = name if "." in name else os.path.join(os.path.basename(folder), name)  # default/ufw
        return f"{escaped(name)}:{lines}"
    return f"line {lines}" if run.first == run.last else f"lines {lines}"


_BACK = " and back"


def _idle_together(found: Sequence[Run]) -> list[Run]:
    """Lines in a row that did nothing, by not matching or through a called chain that came back, as one run."""
    together: list[Run] = []
    for run in found:
        before = together[-1] if together else None
        if (
            before is not None
            and _idle(run)
            and _idle(before)
            and (before.source, before.chain) == (run.source, run.chain)
            and run.first >= before.last
        ):
            together[-1] = before._replace(last=run.last, effect="without effect")
        else:
            together.append(run)
    return together


def _idle(run: Run) -> bool:
    return run.effect in ("no match", "without effect") or run.effect.endswith(_BACK)


_QUIET = frozenset({"no match", "return", "log", "nflog", "ulog", "audit", "counts only"})


def _without_detours(path: Sequence[Step]) -> list[Step]:
    """The path without what happened in a called chain that came back and changed nothing."""
    steps: list[Step] = []
    called: list[tuple[str, int]] = []
    quiet_from = 0  # called chains before this one have had an effect

    def come_back(chain: str) -> None:
        nonlocal quiet_from
        while called and called[-1][0] != chain:
            name, place = called.pop()
            if len(called) >= quiet_from:
                steps[place:] = [Step(steps[place].span, steps[place].chain, f"jump {name}{_BACK}")]
            quiet_from = min(quiet_from, len(called))

    for step in path:
        come_back(step.chain)
        steps.append(step)
        if step.effect.startswith("jump ") and " " not in step.effect[5:]:
            called.append((step.effect[5:], len(steps) - 1))
        elif step.effect not in _QUIET and not step.effect.startswith("jump "):
            quiet_from = len(called)
    return steps
