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
        return text.split()
    words: list[str] = []
    position, begun = 0, ""
    while piece := _PIECE.match(text, position):
        plain, quoted, _ = piece.groups()
        if plain:
            before = plain.split()
            if before and not plain[-1].isspace():
                begun = before.pop()
            words += before
        # a closing quote ends the word, an opening one does not begin it: ab"c d"e is `abc d` and `e`
        words.append(begun + re.sub(r"\\(.)", r"\1", quoted, flags=re.S))
        position, begun = piece.end(), ""
    return words + text[position:].split()


def quote_word(word: str) -> str:
    """A word as iptables-save would print it, near enough to read."""
    if _BARE.fullmatch(word) or word == "!":
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'
