"""Files that a tool makes a rules file of: jinja, ERB, a shell."""

from __future__ import annotations

import re

from zimlint.model import Problem
from zimlint.source import Source, line_span

_PLACEHOLDERS = (
    ("jinja", r"\{[{%#]"),
    ("ERB", r"<%"),
    ("shell", r"\$[A-Za-z_{(]\w*"),
)


def template(source: Source) -> Problem | None:
    """What there is to say of a file with a placeholder; None for one that is what it will be."""
    text = source.text
    if not ("{{" in text or "{%" in text or "<%" in text or "$" in text):
        return None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            continue
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        for kind, pattern in _PLACEHOLDERS:
            found = re.search(pattern, bare if kind == "shell" else line)
            if found:
                words = line.strip() if len(line) < 80 else found[0][:40]
                message = f"{kind} template, no rules file yet: {words}"
                return Problem("template", message, line_span(source, number, line))
    return None
