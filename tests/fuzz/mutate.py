"""Inputs that are nearly right: real files with bytes, lines and words changed.

Invariant: the same chance and seeds give the same input.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from tests.helpers import ROOT

LONGEST = 60_000
"""Longer inputs are tried by name: here many are wanted."""

_WORD = re.compile(rb"\S+")
_NUMBER = re.compile(rb"\d+")
_CONSTANT = re.compile(r"\S{1,30}")
_READERS = ("formats", "ufw", "zimbra", "cli")

NUMBERS = (
    b"0", b"1", b"-1", b"00", b"08", b"33", b"128", b"129", b"255", b"256", b"65535", b"65536", b"4294967295",
    b"4294967296", b"18446744073709551616", b"9" * 30, b"9" * 5000, b"0x7fffffff", b"1e9",
)  # fmt: skip
ODD = (
    b"!", b"! !", b"-", b"--", b":", b",", b",,", b"/", b"0/0", b"::/0", b"0:0", b"65535:0", b":65535", b"1:", b"'",
    b'"', b"\\", b"\\\n", b"\r", b"\r\n", b"\n\n", b"\t", b"\x00", b"\x1b[2J", b"\xff", b"\xc3", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xed\xb2\x80", b"\xf0\x9f\x92\xa3", b"\xd9\xa3", b"\xc2\xb2", b"\xc2\xa0",
    b"\x0b", b"\x0c", b"\x1c", b"\x85", b"#", b"[", b"]", b"{", b"}", b"{{", b"{%", b"${", b"$(", b"`", b"%s", b"%n",
    b"*", b"&a", b"*a", b"!!python/object:os.system", b"<<", b"---", b"...", b"|", b">", b"?", b"@", b"None", b"null",
    b"NaN", b"Infinity", b"1e999", b"<b>", b"]]>", b"&amp;", b"::error::", b"A" * 33, b"A" * 5000, b"../..", b"(v6)",
)  # fmt: skip


class Material(NamedTuple):
    """What one entry's inputs are made of."""

    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    """From the seeds, and all that the readers of zimlint know."""


def material(seeds: Sequence[bytes]) -> Material:
    """The material of these seeds."""
    ordered = tuple(dict.fromkeys(seeds))
    found = dict.fromkeys(word for seed in ordered for word in _WORD.findall(seed) if len(word) < 60)
    return Material(ordered, (*found, *known_words()))


@cache
def known_words() -> tuple[bytes, ...]:
    """The texts without blanks in the modules that read input: names of options, of matches, of keys."""
    paths = sorted(path for layer in _READERS for path in (ROOT / "zimlint" / layer).rglob("*.py"))
    return tuple(
        dict.fromkeys(
            node.value.encode("utf-8", "surrogateescape")
            for path in paths
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CONSTANT.fullmatch(node.value)
        )
    )


def drawn(held: Material, chance: random.Random) -> bytes:
    """One input: now and then bytes out of nowhere, else a seed that was changed some times."""
    if chance.random() < 0.04:
        return chance.randbytes(chance.choice((1, 3, 20, 300)))
    return changed(chance.choice(held.seeds), held, chance)


def changed(text: bytes, held: Material, chance: random.Random) -> bytes:
    """The text, changed once to eight times."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        text = chance.choice(_CHANGES)(text, held, chance)[:LONGEST]
    return text


def _place(text: bytes, chance: random.Random) -> int:
    return chance.randrange(len(text) + 1)


def _stretch(text: bytes, chance: random.Random) -> tuple[int, int]:
    first = _place(text, chance)
    return first, min(len(text), first + chance.choice((1, 2, 5, 20, 100)))


def _flip_a_bit(text: bytes, held: Material, chance: random.Random) -> bytes:
    if not text:
        return text
    place = chance.randrange(len(text))
    return text[:place] + bytes([text[place] ^ 1 << chance.randrange(8)]) + text[place + 1 :]


def _cut_out(text: bytes, held: Material, chance: random.Random) -> bytes:
    first, last = _stretch(text, chance)
    return text[:first] + text[last:]


def _say_twice(text: bytes, held: Material, chance: random.Random) -> bytes:
    first, last = _stretch(text, chance)
    return text[:last] + text[first:last] * chance.choice((1, 1, 2, 50)) + text[last:]


def _cut_off(text: bytes, held: Material, chance: random.Random) -> bytes:
    return text[: _place(text, chance)]


def _insert(text: bytes, held: Material, chance: random.Random) -> bytes:
    place = _place(text, chance)
    return text[:place] + chance.choice(ODD) + text[place:]


def _splice(text: bytes, held: Material, chance: random.Random) -> bytes:
    other = chance.choice(held.seeds)
    return text[: _place(text, chance)] + other[_place(other, chance) :]


def _between_lines(text: bytes, held: Material, chance: random.Random) -> bytes:
    lines, others = text.split(b"\n"), chance.choice(held.seeds).split(b"\n")
    place = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, chance.choice(others))
        case 2:
            lines[place : place + 1] = [lines[place]] * chance.choice((2, 2, 40))
        case 3:
            other = chance.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        case _:
            lines[place] = b" ".join((lines[place], chance.choice(others)))
    return b"\n".join(lines)


def _between_words(text: bytes, held: Material, chance: random.Random) -> bytes:
    found = list(_WORD.finditer(text))
    if not found:
        return chance.choice(held.words)
    first, last = chance.choice(found).span()
    word = chance.choice(held.words)
    match chance.randrange(5):
        case 0:
            return text[:first] + text[last:]
        case 1:
            return text[:first] + word + b" " + text[first:]
        case 2:
            return text[:last] + chance.choice((b",", b":", b"-", b"/", b"=", b"")) + word + text[last:]
        case 3:
            return text[:first] + chance.choice((b"!", b"! ", b'"', b"'", b"-")) + text[first:]
        case _:
            return text[:first] + word + text[last:]


def _another_number(text: bytes, held: Material, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    first, last = chance.choice(found).span()
    return text[:first] + chance.choice(NUMBERS) + text[last:]


_CHANGES: tuple[Callable[[bytes, Material, random.Random], bytes], ...] = (
    _flip_a_bit, _cut_out, _say_twice, _cut_off, _insert, _splice, _between_lines, _between_lines, _between_words,
    _between_words, _between_words, _another_number,
)  # fmt: skip
