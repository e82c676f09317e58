"""The ports of findings as sets of numbers: ``7071/tcp`` and ``7025-7047/tcp``.

Invariant: a label that holds no port (a protocol alone) is of no number, and never within what somebody named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zimlint.packets import RangeSet, union

Ports = Mapping[str, RangeSet]
"""By protocol."""
_NO_PORT = RangeSet([(1 << 16, 1 << 16)])


def ports_of(labels: Iterable[str]) -> Ports:
    """What some labels name together."""
    found: dict[str, list[RangeSet]] = {}
    for label in labels:
        numbers, _, protocol = label.partition("/")
        low, _, high = numbers.partition("-")
        named = low.isdigit() and (high or low).isdigit()
        found.setdefault(protocol, []).append(RangeSet([(int(low), int(high or low))]) if named else _NO_PORT)
    return {protocol: union(parts) for protocol, parts in found.items()}


def without(ports: Ports, others: Ports) -> Ports:
    """What others do not hold."""
    rest = {protocol: numbers - others.get(protocol, RangeSet()) for protocol, numbers in ports.items()}
    return {protocol: numbers for protocol, numbers in rest.items() if numbers}


def shared(ports: Ports, others: Ports) -> Ports:
    """What is in both."""
    both = {protocol: numbers & others.get(protocol, RangeSet()) for protocol, numbers in ports.items()}
    return {protocol: numbers for protocol, numbers in both.items() if numbers}
