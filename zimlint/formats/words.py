"""A line as iptables-restore cuts it into words (iptables 1.8.9, iptables/xshared.c ``add_param_to_argv``).

Invariant: only the double quote quotes; inside it a backslash makes the next character literal.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"[A-Za-z0-9_.:/,+@=%\[\]^~-]+")
_PIECE = re.compile(r'([^"]*)"((?:[^"\\]|\\.)*)("?)', re.S)


def split_words(text: str) -> list[str]:
    """The words of a line. An open quote swallows the rest of the line, as it does in the tool."""
    if '"' not in text:
        return _split(text)
    words: list[str] = []
    position, begun = 0, ""
    while piece := _PIECE.match(text, position):
        plain, quoted, _ = piece.groups()
        if plain:
            before = _split(plain)
            if before and plain[-1] not in " \t":
                begun = before.pop()
            words += before
        # a closing quote ends the word, an opening one does not begin it: ab"c d"e is `abc d` and `e`
        words.append(begun + re.sub(r"\\(.)", r"\1", quoted, flags=re.S))
        position, begun = piece.end(), ""
    return words + _split(text[position:])


def _split(text: str) -> list[str]:
    """At blanks and tabs alone: a no-break space or a carriage return is part of a word."""
    if text.isascii() and text.isprintable():
        return text.split()  # several times as fast
    return [word for word in re.split(r"[ \t\n]", text) if word]


def bytes_in(word: str) -> int:
    """How long the tool finds a word, also where its bytes are no UTF-8."""
    return len(word) if word.isascii() else len(word.encode("utf-8", "surrogateescape"))


def quote_word(word: str) -> str:
    """A word as iptables-save would print it, near enough to read."""
    if _BARE.fullmatch(word) or word == "!":
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'
