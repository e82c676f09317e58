"""``zimlint schema``: the JSON Schema of the site file, for editors.

Invariant: the check ids in it are those that zimlint ships; a site with ``rules`` may name more.
"""

from __future__ import annotations

import json

from zimlint.assets import asset_json
from zimlint.checks import load_checks
from zimlint.cli.output import say
from zimlint.cli.status import CLEAN
from zimlint.source import InternalError

SCHEMA_FILE = ".zimlint.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
"""What yaml-language-server (VS Code, Neovim, ...) looks for; relative to the file that it stands in."""


def run_schema() -> int:
    """Print it."""
    say(json.dumps(site_schema(), indent=1) + "\n")
    return CLEAN


def site_schema() -> dict[str, object]:
    """The schema with the ids of the checks."""
    schema = asset_json("rules/site.schema.json")
    if not isinstance(schema, dict):
        raise InternalError("site.schema.json is not an object")
    checks = load_checks()
    severity = {"description": "By check id; off leaves it out.", "type": ["object", "null"]}
    of_ids = {name: {"description": check.title, "$ref": "#/$defs/severity"} for name, check in checks.items()}
    own = {"type": "object", "required": ["rules"]}
    known_only = {"properties": {"severity": {"propertyNames": {"enum": list(checks)}}}}
    properties = {
        **schema["properties"],
        "severity": {**severity, "properties": of_ids, "additionalProperties": {"$ref": "#/$defs/severity"}},
    }
    return {**schema, "properties": properties, "if": own, "else": known_only}
