"""Writes the table of checks in ``README.md`` anew, from ``rules/``: ``python -m tests.make_readme``.

Invariant: only what stands between the two marks is changed; a test says whether it is current.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.helpers import ROOT
from zimlint.checks import Check, load_checks, text_of

README = ROOT / "README.md"
BEGIN, END = "<!-- checks: made by python -m tests.make_readme -->\n", "<!-- end of checks -->\n"

GROUPS = {
    "Exposure": """
        memcached-exposed internal-port-exposed admin-console-exposed unknown-port-open accepts-everything
        wide-open-source source-port-trusted published-port-bypasses-input ssh-exposed protocol-missing cleartext-login
        stale-port""",
    "Default deny": """
        default-accept firewall-disabled ipv6-unfiltered ipv6-off family-mismatch forward-accept policy-misread
        default-not-shown""",
    "Mail must flow": """
        required-port-blocked loopback-blocked replies-blocked icmpv6-blocked icmp-blocked rate-limit-on-mail
        ssh-locked-out egress-blocked""",
    "Rules that do not do what they say": """
        dead-deny dead-allow redundant-rule matches-nothing undefined-chain chain-loop rule-without-target
        unused-chain""",
    "The files themselves": """
        unreadable-line not-loaded second-ruleset unknown-match unknown-command template unused-suppression""",
    "ufw": """
        profile-invalid profile-opens-internal profile-lacks-port profile-duplicate profile-stale status-tuple-mismatch
        boot-not-enabled before-rules-accept manage-builtins logging-off file-mode""",
    "Several views of one host": "drift partial-view",
    "Others": "",
}
"""Headings and the checks under each; one that is in none stands under the last."""


def make_table() -> str:
    """The tables, a heading above each."""
    checks = load_checks()
    named = {name for names in GROUPS.values() for name in names.split()}
    rest = [name for name in checks if name not in named]
    found = {heading: [name for name in names.split() if name in checks] for heading, names in GROUPS.items()}
    found["Others"] = rest
    lines = ["| check | severity | fires when |", "|---|---|---|"]
    for heading, names in found.items():
        if names:
            lines.append(f"| **{heading}** | | |")
            lines += _rows(checks[name] for name in names)
    return "\n".join(lines) + "\n"


def _rows(checks: Iterator[Check]) -> list[str]:
    texts = [text_of(check) for check in checks]
    return [f"| `{text.id}` | {text.severity} | {text.title.replace('|', chr(92) + '|')} |" for text in texts]


def with_table(text: str) -> str:
    """A text with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{make_table()}\n{END}{after}"


def write_readme() -> None:
    """Bring the file up to date."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_readme()
