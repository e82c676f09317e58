"""The same ruleset said in another way: ``-I``, ``-D``, ``-P``, ``-N``, and tables that stand twice in the file.

``-R`` is left out: iptables-nft-restore 1.8.9 crashes over one that replaces a line of the same file.

Invariant: what is in force at the end of the text is what ``write`` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.kernel.writer import declaration, line
from zimlint.model import Chain, Ruleset, Verdict

_PASSING = ("-p 6 -j ACCEPT", "-s 198.51.100.0/24 -j ACCEPT", "-m mark --mark 9 -j RETURN", "-j ACCEPT")
_PASSING_V6 = tuple(words.replace("198.51.100.0/24", "2001:db8:9::/48") for words in _PASSING)
"""Written as ``writer.py`` writes them: a line that stays must not be taken for one that goes."""


def shuffled(ruleset: Ruleset, random: Random) -> str:
    """Text for iptables-restore, in which no chain need be written from its first line to its last."""
    lines: list[str] = []
    for table, chains in ruleset.tables.items():
        if random.random() < 0.3:
            lines += _overruled(table, list(chains.values()), random)
        lines.append(f"*{table}")
        lines += [f"-N {chain.name}" if _is_new(chain, random) else declaration(chain) for chain in chains.values()]
        written = [list(_commands(chain, table == "nat", ruleset, random)) for chain in chains.values()]
        while any(written):
            lines.append(random.choice([commands for commands in written if commands]).pop(0))
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def _is_new(chain: Chain, random: Random) -> bool:
    return chain.default is None and random.random() < 0.3


def _overruled(table: str, chains: list[Chain], random: Random) -> Iterator[str]:
    """The table as an earlier part of the file has it: the later part flushes it."""
    yield f"*{table}"
    for chain in chains:
        if chain.default is not None or random.random() < 0.5:
            yield f":{chain.name} {'ACCEPT' if chain.default else '-'} [0:0]"
    yield from (f"-A {chain.name} -p tcp -j ACCEPT" for chain in chains if chain.default is not None)
    yield "COMMIT"


def _commands(chain: Chain, nat: bool, ruleset: Ruleset, random: Random) -> Iterator[str]:
    """Commands after which the chain holds its lines, in their order; ``-P`` takes no DROP in nat."""
    wanted = [line(rule, ruleset.family) for rule in chain.rules]
    held: list[tuple[int, str]] = []
    order = list(range(len(wanted)))
    if random.random() < 0.6:
        random.shuffle(order)
    for place in order:
        position = sum(1 for other, _ in held if other < place)
        yield f"{_insertion(chain.name, position, len(held), random)} {wanted[place]}".rstrip()
        held.insert(position, (place, wanted[place]))
        if random.random() < 0.25:
            yield from _passing(chain.name, [text for _, text in held], ruleset.family.bits == 128, random)
    if chain.default is not None and not (nat and chain.default is Verdict.DROP) and random.random() < 0.2:
        yield f"-P {chain.name} {chain.default.value}"


def _insertion(chain: str, position: int, length: int, random: Random) -> str:
    if position == length and random.random() < 0.8:
        return f"-A {chain}"
    if position == 0 and random.random() < 0.5:
        return f"-I {chain}"
    return f"-I {chain} {position + 1}"


def _passing(chain: str, held: list[str], ipv6: bool, random: Random) -> Iterator[str]:
    """A line that comes and goes."""
    words = random.choice(_PASSING_V6 if ipv6 else _PASSING)
    place = random.randrange(len(held) + 1)
    match random.randrange(2):
        case 0:  # by its number
            yield f"-I {chain} {place + 1} {words}"
            yield f"-D {chain} {place + 1}"
        case _:  # by its words: the first line of the same words goes
            if words not in held[:place]:
                yield f"-I {chain} {place + 1} {words}"
                yield f"-D {chain} {words}"
