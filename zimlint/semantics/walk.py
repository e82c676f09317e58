"""Walking a bit set of lines through chains, with unknown matches three-valued.

A ``Program`` is a ruleset flattened for one way through the kernel: line *k* is bit *k*. ``walk`` is told which lines
may match and which match for certain, and says what may happen (facts of the method: bounds on both sides are kept,
repeated unknowns count as independent, so the answer may be wider than the truth but never misses a part of it).

Invariant: no recursion, so a ruleset cannot exhaust the stack; every chain is walked once for each state it is met in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from zimlint.model import (
    Decide,
    FilterRule,
    Goto,
    Inert,
    Jump,
    Nat,
    Notrack,
    OpaqueTarget,
    Queue,
    Return,
    SetMark,
    Target,
    Verdict,
)  # fmt: skip
from zimlint.semantics.cells import Ask
from zimlint.semantics.hooks import Hook
from zimlint.semantics.state import Situation, State, ask_state, change, first_state, join


class Line(NamedTuple):
    """A line of the program: its rule (the first of a merged run), what it asks of the state, and where it leads."""

    rules: Sequence[FilterRule]
    asks: tuple[Ask, ...]
    target: Target
    chain: int
    """The chain that a jump or goto enters; -1 otherwise."""


class Code(NamedTuple):
    """A chain of the program: its lines are the bits ``start`` to ``end - 1``."""

    name: str
    hook: int
    start: int
    end: int
    default: Verdict | None


class Program(NamedTuple):
    """A way through the kernel: its hooks in order, each with the number of its base chain (None: not there)."""

    hooks: tuple[Hook, ...]
    bases: tuple[int | None, ...]
    codes: tuple[Code, ...]
    lines: tuple[Line, ...]
    state: str
    natted: bool | None
    asks_nat: bool
    """Whether nat chains are consulted at all."""


class Outcome:
    """What may happen to the packets of one bit set.

    ``accepts``: (hook, line) that may accept, a chain default is ``-1 - code``. ``nats``: (hook, line, state) that may
    change the destination; these packets leave the program. ``arrives``: some may pass every hook. ``refused``: some
    may be dropped or rejected, ``refusals`` says in which hooks.
    """

    __slots__ = ("accepts", "arrives", "nats", "reached", "refusals")

    def __init__(self) -> None:
        self.accepts: list[tuple[int, int]] = []
        self.nats: list[tuple[int, int, State]] = []
        self.arrives = False
        self.refusals: set[int] = set()
        self.reached: set[int] = set()

    @property
    def refused(self) -> bool:
        """Whether some may be dropped or rejected."""
        return bool(self.refusals)


def walk(program: Program, alive: int, certain: int, start: int = 0, state: State | None = None) -> Outcome:
    """What may happen to packets that match the ``alive`` lines at most and the ``certain`` ones in any case."""
    width = len(program.lines)
    may = format(alive, "b")[::-1].ljust(width, "0")
    must = format(certain, "b")[::-1].ljust(width, "0")
    outcome = Outcome()
    now: State | None = state or first_state(program.state)
    for number in range(start, len(program.hooks)):
        if now is None:
            return outcome
        base = program.bases[number]
        if base is None:
            continue
        if program.hooks[number].table == "nat":
            if not program.asks_nat or now.tracked is False:
                continue
            passed = _run_hook(program, number, base, may, must, now, outcome)
            # an ICMP error about an old flow is RELATED too, and nat is not asked about it
            now = passed if now.tracked and program.state == "NEW" else join(passed, now)
        else:
            now = _run_hook(program, number, base, may, must, now, outcome)
    outcome.arrives = now is not None
    return outcome


class _Frame:
    """A chain that is being walked; ``called_by`` is the line that led here, -1 in a base chain."""

    __slots__ = ("called_by", "certain", "code", "entered", "goto", "out", "position", "state")

    def __init__(
        self, code: int, position: int, entered: State, certain: bool = True, goto: bool = False, called_by: int = -1
    ) -> None:
        self.code = code
        self.position = position
        self.entered = entered
        self.state: State | None = entered
        self.out: State | None = None
        self.certain = certain
        self.goto = goto
        self.called_by = called_by


def _run_hook(
    program: Program, hook: int, base: int, may: str, must: str, state: State, outcome: Outcome
) -> State | None:
    """The state of what the hook lets pass, None if it lets nothing pass."""
    accepted: State | None = None
    memo: dict[tuple[int, State], State | None] = {}
    active: set[tuple[int, State]] = set()
    stack = [_Frame(base, program.codes[base].start, state)]
    while True:
        frame = stack[-1]
        code = program.codes[frame.code]
        line_number = may.find("1", frame.position, code.end) if frame.state is not None else -1
        if frame.state is None or line_number < 0:
            result = join(frame.out, frame.state)
            stack.pop()
            memo[frame.code, frame.entered] = result
            active.discard((frame.code, frame.entered))
            if not stack:
                break
            _come_back(stack[-1], result, frame.certain, frame.goto)
            continue
        frame.position = line_number + 1
        line = program.lines[line_number]
        holds = _asked(line.asks, frame.state, program, program.hooks[hook])
        if holds is False:
            continue
        outcome.reached.add(line_number)
        certain = holds is True and must[line_number] == "1"
        before = frame.state
        match line.target:
            case Decide(verdict):
                if verdict is Verdict.ACCEPT:
                    outcome.accepts.append((hook, _author(program, stack, line_number)))
                    accepted = join(accepted, before)
                else:
                    outcome.refusals.add(hook)
                if certain:
                    frame.state = None
            case Jump() | Goto():
                goto = isinstance(line.target, Goto)
                key = (line.chain, before)
                if key in memo:
                    _come_back(frame, memo[key], certain, goto)
                elif key not in active and line.chain >= 0:
                    active.add(key)
                    entered = program.codes[line.chain].start
                    stack.append(_Frame(line.chain, entered, before, certain, goto, line_number))
            case Return():
                frame.out = join(frame.out, before)
                if certain:
                    frame.state = None
            case Nat(name=name):
                if name in ("SNAT", "MASQUERADE"):
                    accepted = join(accepted, before)
                else:
                    outcome.nats.append((hook, line_number, before))
                if certain:
                    frame.state = None
            case Queue():
                outcome.accepts.append((hook, line_number))
                outcome.refusals.add(hook)
                accepted = join(accepted, before)
                if certain:
                    frame.state = None
            case OpaqueTarget():
                outcome.accepts.append((hook, line_number))
                outcome.refusals.add(hook)
                accepted = join(accepted, before)
            case SetMark() | Notrack():
                changed = change(before, line.target, _situation(program, program.hooks[hook]))
                frame.state = changed if certain else join(before, changed)
            case Inert():
                pass
            case _:
                assert_never(line.target)
    if result is not None:
        if program.codes[base].default in (Verdict.ACCEPT, None):
            outcome.accepts.append((hook, -1 - base))
            accepted = join(accepted, result)
        else:
            outcome.refusals.add(hook)
    return accepted


def _author(program: Program, stack: list[_Frame], line: int) -> int:
    """The line that a reader would change: where a chain accepts all that it is given, the one that led into it."""
    for number in (line, *(frame.called_by for frame in reversed(stack))):
        if number >= 0 and program.lines[number].rules[0].conditions:
            return number
    return line


def _come_back(frame: _Frame, result: State | None, certain: bool, goto: bool) -> None:
    """A called chain is through; ``result`` is the state of what it did not decide."""
    if goto:
        frame.out = join(frame.out, result)
        if certain:
            frame.state = None
    else:
        frame.state = result if certain else join(frame.state, result)


def _asked(asks: tuple[Ask, ...], state: State, program: Program, hook: Hook) -> bool | None:
    """Whether the matches that depend on the state hold: yes, no, or None for perhaps."""
    answer: bool | None = True
    for ask in asks:
        one = ask_state(ask.condition, state, _situation(program, hook))
        if one is False:
            return False
        if one is None:
            answer = None
    return answer


def _situation(program: Program, hook: Hook) -> Situation:
    return Situation(program.state, hook.tracked, program.natted)
