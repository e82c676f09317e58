"""What earlier lines did to a packet: its marks, and whether its connection is tracked.

Invariant: a bit of a mark that is not known is 0 in the mark, so equal knowledge is an equal value.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from zimlint.model import CtDirection, CtOriginal, CtState, MarkIs, Notrack, SetMark
from zimlint.semantics.cells import state_holds
from zimlint.semantics.hooks import OF_EARLIER_FLOW, WITHOUT_CONNECTION


class State(NamedTuple):
    """What earlier lines did to a packet. A mark's bit counts only where ``known`` has it."""

    mark: int = 0
    mark_known: int = 0xFFFFFFFF
    connmark: int = 0
    connmark_known: int = 0xFFFFFFFF
    tracked: bool | None = True


class Situation(NamedTuple):
    """Where the packet is: its conntrack state, whether tracking has seen it there, and what NAT did."""

    state: str
    tracked: bool
    natted: bool | None


def first_state(state: str) -> State:
    """Before the first line: the mark of a connection that was there before is not known."""
    return State(connmark_known=0 if state in OF_EARLIER_FLOW else 0xFFFFFFFF)


def ask_state(
    condition: MarkIs | CtState | CtOriginal | CtDirection, state: State, situation: Situation
) -> bool | None:
    """Whether a match that depends on the state holds: yes, no, or None for perhaps."""
    connected = _connected(state, situation)
    match condition:
        case MarkIs("mark", wanted, mask, negated):
            return _mark_is(state.mark, state.mark_known, wanted, mask, negated)
        case MarkIs(_, wanted, mask, negated):
            held = _mark_is(state.connmark, state.connmark_known, wanted, mask, negated)
            return False if connected is False or held is False else held and connected
        case CtState():
            tracked = state_holds(condition, situation.state if situation.tracked else "INVALID", situation.natted)
            untracked = state_holds(condition, "UNTRACKED", False)
            if state.tracked is None:
                return tracked if tracked == untracked else None
            return tracked if state.tracked else untracked
        case CtOriginal() | CtDirection():
            # Without a connection nothing but --ctstate holds (net/netfilter/xt_conntrack.c).
            return connected
        case _:
            assert_never(condition)


def change(state: State, target: SetMark | Notrack, situation: Situation) -> State:
    """After MARK, CONNMARK or NOTRACK (net/netfilter/xt_mark.c, xt_connmark.c, xt_CT.c)."""
    match target:
        case Notrack():
            return state if situation.tracked else state._replace(tracked=False)
        case SetMark("mark", wanted, mask):
            return state._replace(mark=(state.mark & ~mask) ^ wanted, mark_known=state.mark_known | mask)
        case SetMark():
            connected = _connected(state, situation)
            if connected is False:
                return state
            changed = _change_connmark(state, target)
            return changed if connected else join(state, changed) or state
        case _:
            assert_never(target)


def join(left: State | None, right: State | None) -> State | None:
    """The state of packets of which some are in one and some in the other."""
    if left is None or left == right:
        return right
    if right is None:
        return left
    mark_known = left.mark_known & right.mark_known & ~(left.mark ^ right.mark)
    connmark_known = left.connmark_known & right.connmark_known & ~(left.connmark ^ right.connmark)
    return State(
        left.mark & mark_known,
        mark_known,
        left.connmark & connmark_known,
        connmark_known,
        left.tracked if left.tracked == right.tracked else None,
    )


def _connected(state: State, situation: Situation) -> bool | None:
    """Whether the packets belong to a connection there."""
    return False if not situation.tracked or situation.state in WITHOUT_CONNECTION else state.tracked


def _mark_is(mark: int, known: int, wanted: int, mask: int, negated: bool) -> bool | None:
    if wanted & ~mask or (mark ^ wanted) & mask & known:
        return negated
    return not negated if mask & ~known == 0 else None


def _change_connmark(state: State, target: SetMark) -> State:
    """CONNMARK: set, save and restore (net/netfilter/xt_connmark.c)."""
    read, mask = target.value, target.mask
    match target.copies:
        case "":
            changed, known = (state.connmark & ~mask) ^ read, state.connmark_known | mask
        case "save":
            changed = (state.connmark & ~mask) ^ (state.mark & read)
            known = (state.connmark_known | mask) & (state.mark_known | ~read)
        case "restore":
            changed = (state.mark & ~mask) ^ (state.connmark & read)
            known = (state.mark_known | mask) & (state.connmark_known | ~read)
            return state._replace(mark=changed & known, mark_known=known & 0xFFFFFFFF)
        case _:
            assert_never(target.copies)
    return state._replace(connmark=changed & known, connmark_known=known & 0xFFFFFFFF)
