"""One packet through a ruleset, line by line, as the kernel does it.

A second, plain interpreter: it shares no code with the set-wise one but the order of hooks and the content of ipsets,
so that each checks the other. A match that nobody can settle makes it follow both ways.

Invariant: ``depends`` is only said where different answers of an unknown match end in different verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, assert_never

from zimlint.model import (
    Chain,
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
    Ruleset,
    SetMark,
    Step,
    Verdict,
)  # fmt: skip
from zimlint.packets import ICMP, ICMPV6, Family, Packet
from zimlint.semantics.holds import Header, holds
from zimlint.semantics.hooks import (
    FIRST_OF_FLOW,
    FORWARD,
    FROM_HOST,
    INPUT,
    INTO_HOST,
    LOOPBACK,
    OUT_OF_HOST,
    OVER_LOOPBACK,
    UNICAST,
    UNSPECIFIED,
    Hook,
    conntrack_in_use,
)  # fmt: skip
from zimlint.semantics.martians import LINK_LOCAL, NOT_FORWARDED, is_martian
from zimlint.semantics.trail import Trail, change_words, parting, path_of, place_words
from zimlint.semantics.translate import new_addresses, new_ports

Word = Literal["accept", "drop", "reject", "depends"]
MAX_STEPS = 400_000
"""Of all ways together; past it the answer is ``depends`` on the line where it stopped."""


class Replay(NamedTuple):
    """What becomes of one packet."""

    verdict: Word
    path: tuple[Step, ...]
    """The way to the verdict; for ``depends`` the way to acceptance, where there is one."""
    depends_on: tuple[Step, ...] = ()
    """The lines whose unknown match decides."""
    paths: Mapping[str, tuple[Step, ...]] | None = None
    """For every verdict that can come out, one way to it."""


class _Frame(NamedTuple):
    chain: Chain
    position: int
    back: _Frame | None
    """Where control returns to; None in a base chain, and after a goto from one."""
    entered: Header | None = None
    """The packet as the chain met it; None in a base chain."""
    forks: int = 0
    """How often ways had parted by then."""
    depth: int = 0
    """How many chains deep; more than there are means a loop, which iptables refuses to load."""


class _Way(NamedTuple):
    """One way that the packet may be on."""

    hooks: tuple[Hook, ...]
    hook: int
    frame: _Frame | None
    header: Header
    trail: Trail | None
    assumed: int = 0
    """How many unknown matches have to hold on this way."""


def replay(ruleset: Ruleset, packet: Packet, *, lone: bool = False) -> Replay:
    """Follow one packet; with ``lone`` a rate limit and its like answer as for a lone first packet."""
    if packet.interface != "lo" and is_martian(packet):
        return Replay("drop", (Step(None, "kernel", "drop, an impossible source address here"),))
    interpreter = _Interpreter(ruleset, packet, lone)
    hooks = OVER_LOOPBACK if packet.interface == "lo" else INTO_HOST
    interpreter.follow(_Way(hooks, 0, None, Header.of(packet), None))
    return interpreter.result()


def replay_forward(ruleset: Ruleset, packet: Packet) -> Replay:
    """Follow one packet that the host routes to another machine, with no NAT asked."""
    interpreter = _Interpreter(ruleset, packet, True)
    interpreter.follow(_Way(FORWARD, 0, None, Header.of(packet), None))
    return interpreter.result()


def replay_outgoing(ruleset: Ruleset, packet: Packet) -> Replay:
    """Follow one packet that the host sends to another machine by its interface, with no NAT asked."""
    interpreter = _Interpreter(ruleset, packet, True)
    interpreter.follow(_Way(FROM_HOST, 0, None, Header.of(packet), None))
    return interpreter.result()


class _Interpreter:
    """Guards the outcomes: each verdict once, with the first way to it."""

    def __init__(self, ruleset: Ruleset, packet: Packet, lone: bool) -> None:
        self.ruleset, self.packet, self.lone = ruleset, packet, lone
        self.tracking = conntrack_in_use(ruleset)
        self.found: dict[str, _Way] = {}
        self.waiting: list[_Way] = []
        self.seen: set[tuple[object, ...]] = set()
        self.steps = self.forks = 0
        self.returned: dict[tuple[object, ...], Header] = {}

    def follow(self, start: _Way) -> None:
        """Follow every way to its end."""
        self.waiting = [start]
        while self.waiting:
            way: _Way | None = self.waiting.pop()
            while way is not None:
                self.steps += 1
                if self.steps > MAX_STEPS:
                    self._end("accept", way)
                    self._end("drop", way)
                    return
                way = self._enter_hook(way) if way.frame is None else self._next_line(way, way.frame)

    def _enter_hook(self, way: _Way) -> _Way | None:
        if way.hook == len(way.hooks):
            self._end("accept", way)
            return None
        hook = way.hooks[way.hook]
        chain = self.ruleset.tables.get(hook.table, {}).get(hook.chain)
        if hook.table == "nat" and not self._nat_is_asked(way.header, hook):
            chain = None
        if chain is None:
            return way._replace(hook=way.hook + 1)
        return way._replace(frame=_Frame(chain, 0, None))

    def _nat_is_asked(self, header: Header, hook: Hook) -> bool:
        """For the first packet of a flow; an ICMP error belongs to a flow that was asked about before."""
        state = self.packet.state
        if state == "RELATED" and header.protocol in (ICMP, ICMPV6):
            return False
        return self.tracking and header.connected(hook, state) and state in FIRST_OF_FLOW

    def _next_line(self, way: _Way, frame: _Frame) -> _Way | None:
        chain, hook = frame.chain, way.hooks[way.hook]
        rules, name = chain.rules, chain.name
        position = frame.position
        trail = way.trail
        while position < len(rules):
            rule = rules[position]
            position += 1
            self.steps += 1
            answer = self._answer(rule, way.header, hook)
            if answer is False:
                trail = Trail(Step(rule.span, name, "no match"), trail)
                continue
            here = way._replace(frame=frame._replace(position=position), trail=trail)
            if answer is None and not isinstance(rule.target, Inert):
                self._later(here._replace(trail=Trail(Step(rule.span, chain.name, "no match, perhaps"), trail)))
                here = here._replace(assumed=way.assumed + 1)
            return self._obey(here, rule, frame._replace(position=position))
        return self._end_of_chain(way._replace(trail=trail), frame)

    def _answer(self, rule: FilterRule, header: Header, hook: Hook) -> bool | None:
        answer: bool | None = True
        for condition in rule.conditions:
            one = holds(condition, header, hook, self.ruleset, self.packet.state, self.lone)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    def _later(self, way: _Way) -> None:
        """Keep another way for later, unless the same place was met in the same state before."""
        self.forks += 1
        key = (way.hooks, way.hook, way.header, _places(way.frame))
        if key not in self.seen:
            self.seen.add(key)
            self.waiting.append(way)

    def _obey(self, way: _Way, rule: FilterRule, frame: _Frame) -> _Way | None:
        name = frame.chain.name
        table = self.ruleset.tables[way.hooks[way.hook].table]

        def went(effect: str) -> _Way:
            return way._replace(trail=Trail(Step(rule.span, name, effect), way.trail))

        match rule.target:
            case Decide(verdict):
                return self._decided(went(verdict.value.lower()), verdict)
            case Jump(chain) | Goto(chain):
                called = table.get(chain)
                goto = isinstance(rule.target, Goto)
                if called is None or frame.depth > len(table):
                    return went(f"jump {chain}, which is not there or calls itself")
                known = self.returned.get((way.hooks, way.hook, chain, way.header))
                if known is not None and not goto:
                    return went(f"jump {chain} and back, as before")._replace(header=known)
                back = frame.back if goto else frame
                entered = _Frame(called, 0, back, way.header, self.forks, frame.depth + 1)
                return went(f"{'goto' if goto else 'jump'} {chain}")._replace(frame=entered)
            case Return():
                return self._end_of_chain(went("return"), frame)
            case Inert(name=target):
                return went(target.lower() or "counts only")
            case SetMark() | Notrack():
                header = way.header.changed(rule.target, way.hooks[way.hook], self.packet.state)
                return went(change_words(rule.target))._replace(header=header)
            case Nat():
                return self._translate(went, rule.target, way)
            case Queue():
                self._end("drop", went("the program behind the queue refuses, perhaps"))
                return self._decided(went("the program behind the queue accepts, perhaps"), Verdict.ACCEPT)
            case OpaqueTarget(name=target):
                self._end("drop", went(f"{target} refuses, perhaps"))
                self._later(went(f"{target} goes on, perhaps"))
                return self._decided(went(f"{target} accepts, perhaps"), Verdict.ACCEPT)
            case _:
                assert_never(rule.target)

    def _translate(self, went: Callable[[str], _Way], target: Nat, way: _Way) -> _Way | None:
        """A NAT target ends nat with accept; a changed destination decides whether INPUT or FORWARD comes next."""
        if target.name in ("SNAT", "MASQUERADE"):
            return self._decided(went(target.name.lower()), Verdict.ACCEPT)
        for address in new_addresses(target, way.header, self.ruleset):
            for port in new_ports(target, way.header, self.ruleset):
                moved = way.header.translated(port, address, address is not None or target.name == "REDIRECT")
                words = f"{target.name.lower()} to {place_words(self.ruleset, address, port)}"
                self._onward(went(words)._replace(header=moved, frame=None), address)
        return None

    def _onward(self, way: _Way, address: int | None) -> None:
        """After NAT: INPUT comes next if it is still for this host, else FORWARD; in OUTPUT, the rest of it."""
        family, source = self.ruleset.family, way.header.source
        own = address is None or address == way.header.first_destination
        looped = address is not None and address in LOOPBACK[family]
        if way.hooks is OVER_LOOPBACK:
            if own or looped:
                self._later(way._replace(hook=way.hook + 1))
            elif source in LOOPBACK[family] and family is Family.IPV4:
                self._end("drop", way._replace(trail=Trail(Step(None, "kernel", "drop, no way there"), way.trail)))
            else:
                self._later(way._replace(hooks=OUT_OF_HOST, hook=0))
        elif family is Family.IPV4 and source in UNSPECIFIED[family]:
            step = Step(None, "kernel", "drop, an impossible source address for one machine")
            self._end("drop", way._replace(trail=Trail(step, way.trail)))  # routed after nat (net/ipv4/route.c)
        elif own or looped:
            if not own and family is Family.IPV4:
                step = Step(None, "kernel", "drop, unless route_localnet lets packets for loopback in")
                self._end("drop", way._replace(trail=Trail(step, way.trail)))
            self._later(way._replace(hooks=INPUT, hook=0))
        elif way.header.first_destination is not None and way.header.first_destination not in UNICAST[family]:
            step = Step(None, "kernel", "drop, a packet to a group is not sent on to one machine")
            self._end("drop", way._replace(trail=Trail(step, way.trail)))  # net/ipv4/ip_forward.c: PACKET_HOST only
        elif source in NOT_FORWARDED[family]:
            verdict = "reject" if source in LINK_LOCAL else "drop"
            step = Step(None, "kernel", f"{verdict}, unless it leaves by the interface that it came by")
            self._end(verdict, way._replace(trail=Trail(step, way.trail)))
            self._later(way._replace(hooks=FORWARD, hook=0))
        else:
            self._later(way._replace(hooks=FORWARD, hook=0))

    def _decided(self, way: _Way, verdict: Verdict) -> _Way | None:
        if verdict is Verdict.ACCEPT:
            return way._replace(hook=way.hook + 1, frame=None)
        self._end("drop" if verdict is Verdict.DROP else "reject", way)
        return None

    def _end_of_chain(self, way: _Way, frame: _Frame) -> _Way | None:
        if frame.back is not None:
            if frame.forks == self.forks and frame.entered is not None:
                self.returned[way.hooks, way.hook, frame.chain.name, frame.entered] = way.header
            return way._replace(frame=frame.back)
        hook = way.hooks[way.hook]
        base = self.ruleset.tables[hook.table][hook.chain]
        verdict = base.default or Verdict.ACCEPT
        trail = Trail(Step(base.span, base.name, f"default {verdict.value.lower()}"), way.trail)
        return self._decided(way._replace(trail=trail), verdict)

    def _end(self, verdict: str, way: _Way) -> None:
        if verdict not in self.found or way.assumed < self.found[verdict].assumed:
            self.found[verdict] = way

    def result(self) -> Replay:
        """The verdict, once every way was followed."""
        paths = {verdict: path_of(way.trail) for verdict, way in self.found.items()}
        if len(paths) == 1:
            ((verdict, path),) = paths.items()
            match verdict:
                case "accept" | "drop" | "reject":
                    return Replay(verdict, path, (), paths)
        path = paths.get("accept", next(iter(paths.values())))
        others = [other for other in paths.values() if other is not path]
        return Replay("depends", path, tuple(dict.fromkeys(parting(path, other) for other in others)), paths)


def _places(frame: _Frame | None) -> tuple[tuple[str, int], ...]:
    places: list[tuple[str, int]] = []
    while frame is not None:
        places.append((frame.chain.name, frame.position))
        frame = frame.back
    return tuple(places)
