"""What each question may be asked with: the ``params`` of a check, as data.

Invariant: a parameter that no question reads, or a value that it does not know, is a ``ConfigError`` with its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from zimlint.source import ConfigError

if TYPE_CHECKING:
    from zimlint.yaml_tree import YamlMap, YamlNode

PORTS, CLASSES, SOURCES, SEVERITY, WORDS, WORD, NUMBER = (
    "ports", "classes", "sources", "severity", "words", "word", "number",
)  # fmt: skip
"""What a parameter is; a tuple instead lists the words that it may be."""
Kind = str | tuple[str, ...]

_EXPOSURE = ("public", "public-optional", "admin", "cluster", "loopback", "never-public")

PARAMS: Mapping[str, Mapping[str, Kind]] = {
    "exposed": {
        "ports": PORTS, "classes": CLASSES, "except": PORTS, "allowed": SOURCES, "nobody": PORTS, "lan": SEVERITY,
        "limited": SEVERITY,
    },
    "everything": {"from": ("public", "undeclared")},
    "default": {"chain": ("INPUT", "FORWARD")},
    "family": {"kind": ("mismatch", "unfiltered")},
    "flow": {"kind": ("replies", "icmpv6", "loopback", "icmp")},
    "note": {"kind": ("partial_view", "default_not_shown")},
    "profile": {"kind": ("internal", "lacks")},
    "user_rules": {"kind": ("mismatch", "stale")},
    "chains": {"kind": ("unused", "loop", "targetless")},
    "dead": {"kind": ("deny", "allow", "redundant", "nothing")},
    "rate_limit": {"ports": PORTS, "enough": NUMBER},
    "setting": {"key": WORD, "is": WORDS, "is_not": WORDS, "read_by": ("command", "boot")},
}  # fmt: skip
"""By question; those that are not here take none."""
_NEEDED = {
    "everything": ("from",), "default": ("chain",), "family": ("kind",), "flow": ("kind",), "note": ("kind",),
    "profile": ("kind",), "user_rules": ("kind",), "chains": ("kind",), "dead": ("kind",), "rate_limit": ("ports",),
    "setting": ("key",),
}  # fmt: skip


def check_params(question: str, node: YamlMap, place: YamlMap, ports: Collection[str] | None = None) -> None:
    """Refuse what the question does not read; ``ports`` are the labels of the catalogue, where it is known."""
    from zimlint.yaml_tree import only_keys

    known = PARAMS.get(question, {})
    if node.entries and not known:
        key, span = next(iter(node.keys.items()))
        raise ConfigError(f"params: the question '{question}' takes none, expected no '{key}'", span)
    only_keys(node, "params", tuple(known))
    for key in _NEEDED.get(question, ()):
        if key not in node.entries:
            raise ConfigError(f"params: the question '{question}' needs the key '{key}'", node.span or place.span)
    if question == "exposed" and not {"ports", "classes"} & node.entries.keys():
        raise ConfigError("params: the question 'exposed' needs ports or classes", node.span or place.span)
    for key, value in node.entries.items():
        _value(key, value, known[key], ports)


def _value(key: str, node: YamlNode, kind: Kind, ports: Collection[str] | None) -> None:
    from zimlint.yaml_tree import YamlList, choice, hint, items, number, word

    what = f"params: {key}"
    if not isinstance(kind, str):
        choice(node, what, kind)
    elif kind == SEVERITY:
        choice(node, what, ("error", "warning", "info", "off"))
    elif kind == WORD:
        word(node, what)
    elif kind == NUMBER:
        number(node, what, 1, 1_000_000)
    else:
        if not isinstance(node, YamlList):
            items(node, what)
        for text in items(node, what):
            if kind == CLASSES:
                choice(text, what, _EXPOSURE)
            elif kind == SOURCES and not text.text.replace("-", "").replace("_", "").isalnum():
                raise ConfigError(f"{what}: expected the name of a network, not '{text.text}'", text.span)
            elif kind == PORTS and ports is not None and text.text not in ports and text.text != "ssh":
                near = hint(text.text, ports) or ", 'zimlint ports' lists them"
                raise ConfigError(f"{what}: '{text.text}' is not in the catalogue{near}", text.span)
