"""Tuples of user.rules that once ended in an internal error, found by fuzzing."""

from __future__ import annotations

from tests.helpers import lint_text

FILE = "*filter\n:ufw-user-input - [0:0]\n### RULES ###\n\n{lines}\n### END RULES ###\nCOMMIT\n"


def test_a_port_of_thousands_of_digits_is_a_malformed_tuple() -> None:
    """ufw skips it, too: it is no port."""
    lines = f"### tuple ### allow tcp {'9' * 5000} 0.0.0.0/0 any 0.0.0.0/0 in"
    report = lint_text(FILE.format(lines=lines), name="user.rules")
    assert [finding.check for finding in report.findings] == ["status-tuple-mismatch"]


def test_a_placeholder_below_a_tuple_is_a_template() -> None:
    """Nothing of the file is judged."""
    lines = "### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport $PORT -j ACCEPT"
    report = lint_text(FILE.format(lines=lines), name="user.rules")
    assert "template" in [finding.check for finding in report.findings]
