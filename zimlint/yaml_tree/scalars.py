"""What a plain word of YAML means to a program that lets YAML guess: ``yes`` is true and ``20:21`` is 1221.

Invariant: PyYAML's own tables and constructors decide (YAML 1.1); nothing is guessed here.
"""

from __future__ import annotations

from functools import cache

import yaml

from zimlint.source import ConfigError
from zimlint.yaml_tree import YamlText

Scalar = str | bool | int | float | None

_TAG = "tag:yaml.org,2002:"


def scalar_value(node: YamlText) -> Scalar:
    """A string, unless the word is plain and YAML 1.1 takes it for something else."""
    if not node.plain:
        return node.text
    resolver, constructor = _yaml()
    tag = str(resolver.resolve(yaml.ScalarNode, node.text, (True, False)))
    known = yaml.ScalarNode(tag, node.text)
    try:
        match tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return bool(constructor.construct_yaml_bool(known))
            case "int":
                return int(constructor.construct_yaml_int(known))
            case "float":
                return float(constructor.construct_yaml_float(known))
            case "timestamp":
                return str(constructor.construct_yaml_timestamp(known))
            case _:
                return node.text
    except ValueError:
        raise ConfigError(f"'{node.text[:40]}' is no value that YAML can hold", node.span) from None


@cache
def _yaml() -> tuple[yaml.resolver.Resolver, yaml.constructor.SafeConstructor]:
    return yaml.resolver.Resolver(), yaml.constructor.SafeConstructor()
