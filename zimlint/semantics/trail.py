"""The way of a packet, remembered step by step and told in words.

Invariant: a trail only grows; ways that part share all that came before.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from zimlint.model import Notrack, Ruleset, SetMark, Step
from zimlint.packets import format_address


class Trail(NamedTuple):
    """A path as a linked list, newest first, so that ways can share their beginning."""

    step: Step
    before: Trail | None


def path_of(trail: Trail | None) -> tuple[Step, ...]:
    """The steps in their order."""
    steps: list[Step] = []
    while trail is not None:
        steps.append(trail.step)
        trail = trail.before
    return tuple(reversed(steps))


def parting(one: tuple[Step, ...], other: tuple[Step, ...]) -> Step:
    """The line where two ways part: its unknown match decides."""
    for left, right in zip(one, other, strict=False):
        if left != right:
            return left
    return one[-1]


def change_words(target: SetMark | Notrack) -> str:
    """What a line wrote on the packet."""
    match target:
        case Notrack():
            return "exempted from connection tracking"
        case SetMark(kind, mark, _, copies):
            return f"{copies} {kind}" if copies else f"set {kind} {mark:#x}"
        case _:
            assert_never(target)


def place_words(ruleset: Ruleset, address: int | None, port: int | None) -> str:
    """Where NAT sends a packet."""
    where = "this host" if address is None else format_address(ruleset.family, address)
    return where if port is None else f"{where} port {port}"
