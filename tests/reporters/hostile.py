"""A report whose every foreign word tries to become markup, a command, a link or another line."""

from __future__ import annotations

from tests.reporters.test_text import FINDING
from zimlint.finding import Evidence, Note, Report, Severity, Unread
from zimlint.model import Step
from zimlint.packets import Family, Packet
from zimlint.source import Source, Span

WORDS = (
    "a\nb", "\r::error::x", "\x1b[31m", "\x00\x0b\x0c", "\u202e\u2028", "\ufffe\uffff", "\udcff", "]]>", "<b>&amp;",
    "'", "a|b", "a\\|b", "`x`", "```", "@user", "#1", "[x](1)", "![x](http://192.0.2.1/y.png)", "www.example.com",
    "http://example.com", "a@example.com", "%25", "%0A::error::x", "a,b:c", "##[error]", "{0}", "*b*", "_i_", "~~s~~",
    "-->", "$x$", "</details>", "漢é", " ",
)  # fmt: skip
NASTY = " ".join(WORDS)


def hostile(word: str = NASTY) -> Report:
    """The report with this word wherever the input can put one."""
    source = Source(f"mail1/{word}", f"# {word.split(chr(10))[0]}\n" * 3)
    span = Span(source, 2, 1, 2, 9)
    finding = FINDING._replace(
        message=f"chain '{word}'",
        host=word,
        span=span,
        fix=f"see {word}",
        certainty="possible",
        severity=Severity.WARNING,
        evidence=Evidence(
            Packet(Family.IPV4, 6, 0xCB007109, 40000, None, 7071, word),
            (Step(span, word, f"jump {word}"), Step(None, word, "default accept")),
        ),
        related=((span, word),),
    )
    notes, unread = (Note("partial-view", word, word),), (Unread(word, word),)
    return Report((finding, finding), notes, unread, (word,), 2, base="/srv")
