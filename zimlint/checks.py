"""The checks: what zimlint lints for, as data.

Written by hand in ``rules/checks/<id>.yaml``, read from ``rules/rules.json`` (made of it by ``tests/make_rules.py``).

Invariant: nothing here answers a question; a ``Check`` names one and hands it its parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from zimlint.assets import asset_json
from zimlint.finding import CheckText, Severity
from zimlint.source import ConfigError, InternalError, Source, Span
from zimlint.zimbra.json_values import as_object, as_text, as_texts

if TYPE_CHECKING:
    from zimlint.yaml_tree import YamlMap

Param = str | tuple[str, ...]
CheckSeverity = Severity | Literal["off", "note"]
"""off: only where a site gives it a severity; note: stands in the summary, is no finding."""

QUESTIONS = (
    "exposed", "unlisted", "everything", "source_port", "published", "protocol_missing", "stale", "default", "disabled",
    "drift",
    "family", "setting", "problem", "opaque", "note", "required", "flow", "profile", "user_rules", "ahead",
    "rate_limit", "locked_out", "egress", "file_mode", "chains", "dead", "suppression",
)  # fmt: skip
"""The names of all questions; not imported from there, as reading a check must not load them."""
AFTERWARDS = "suppression"
"""The question that is asked of the answers to all others, by the engine."""

OUR_OWN = ("problem", AFTERWARDS)
"""Questions whose answers carry the id of a check of zimlint's own: another one would never hear any."""

KEYS = ("id", "severity", "question", "params", "title", "why", "fix", "sources")
SEVERITIES = ("error", "warning", "info", "off", "note")


class Check(NamedTuple):
    """One entry of ``rules/checks/``."""

    id: str
    severity: CheckSeverity
    question: str
    params: Mapping[str, Param]
    title: str
    why: str
    fix: str
    """May hold ``{ports}``, ``{sources}`` and ``{networks}``."""
    sources: tuple[str, ...]


def load_checks() -> dict[str, Check]:
    """The checks that zimlint ships, by id."""
    rules = as_object(asset_json("rules/rules.json"))
    return {name: _check(name, as_object(row)) for name, row in as_object(rules["checks"]).items()}


def text_of(check: Check) -> CheckText:
    """What a check says of itself, its fix in words that hold for every finding."""
    severity = check.severity if isinstance(check.severity, str) else check.severity.word
    every = (check.fix, *map(str, check.params.values())) if check.question == "problem" else (check.fix,)
    fix = " ".join(every).format(ports="these ports", sources="others", networks="the networks that may")
    return CheckText(check.id, severity, check.title, check.why, fix)


def read_check(
    source: Source,
    questions: Collection[str] = QUESTIONS,
    *,
    ports: Collection[str] | None = None,
    networks: Collection[str] | None = None,
) -> Check:
    """One check as written in YAML; ConfigError says what is wrong where.

    One of a user may name the ``ports`` of the catalogue and the ``networks`` of the site, where that is known.
    """
    from zimlint.params import Named, check_params
    from zimlint.yaml_tree import choice, items, mapping, only_keys, read_tree, word  # yaml: not at start-up

    top = mapping(read_tree(source), "check")
    only_keys(top, "check", KEYS)
    for key in KEYS:
        if key not in top.entries and key != "params":
            raise ConfigError(f"check: expected the key '{key}'", top.span or Span(source, 1))

    texts = {key: word(top.entries[key], key) for key in ("id", "title", "why", "fix")}
    name = texts["id"].text
    if not all(part.isascii() and part.isalnum() and part == part.lower() for part in name.split("-")):
        raise ConfigError(f"id: expected lower-case words joined by '-', not '{name}'", texts["id"].span)
    stem = source.name.rpartition("/")[2].removesuffix(".yaml")
    if name != stem:
        raise ConfigError(f"id: expected '{stem}' like the file's name, not '{name}'", texts["id"].span)
    bare = texts["fix"].text.replace("{ports}", "").replace("{sources}", "").replace("{networks}", "")
    if "{" in bare or "}" in bare:
        raise ConfigError("fix: expected no braces but {ports}, {sources}, {networks}", texts["fix"].span)
    sources = items(top.entries["sources"], "sources")
    if not sources:
        raise ConfigError("sources: expected at least one", top.keys["sources"])
    asked = word(top.entries["question"], "question")
    if ports is not None and asked.text in OUR_OWN:
        words = f"question: '{asked.text}' is of zimlint's own checks only, expected another"
        raise ConfigError(words, asked.span)
    question = choice(asked, "question", [one for one in questions if ports is None or one not in OUR_OWN])
    params = mapping(top.entries.get("params"), "params")
    check_params(question, params, top, None if ports is None else Named(ports, networks))
    severity = choice(top.entries["severity"], "severity", SEVERITIES)
    if (severity == "note") != (question == "note") and severity != "off":
        raise ConfigError(
            "severity: 'note' and the question 'note' belong together, expected both or neither",
            top.entries["severity"].span,
        )
    return Check(
        id=name,
        severity=_severity(severity),
        question=question,
        params=_params(params),
        title=texts["title"].text,
        why=texts["why"].text.strip(),
        fix=texts["fix"].text.strip(),
        sources=tuple(text.text for text in sources),
    )


def _params(node: YamlMap) -> Mapping[str, Param]:
    from zimlint.yaml_tree import YamlList, items, word

    return {
        key: tuple(text.text for text in items(value, key)) if isinstance(value, YamlList) else word(value, key).text
        for key, value in node.entries.items()
    }


def _check(name: str, row: Mapping[str, object]) -> Check:
    return Check(
        id=name,
        severity=_severity(as_text(row["severity"])),
        question=as_text(row["question"]),
        params={
            key: value if isinstance(value, str) else as_texts(value) for key, value in as_object(row["params"]).items()
        },
        title=as_text(row["title"]),
        why=as_text(row["why"]),
        fix=as_text(row["fix"]),
        sources=as_texts(row["sources"]),
    )


def _severity(word: str) -> CheckSeverity:
    if word not in SEVERITIES:
        raise InternalError(f"'{word}' is not a severity")
    return cast(Literal["off", "note"], word) if word in ("off", "note") else Severity[word.upper()]
