"""What the real ufw writes to user.rules is never called edited, and its next writing drops what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernel import ufw_sandbox
from tests.kernel.test_ufw_words import COMMANDS, PROFILES
from tests.kernel.ufw_sandbox import run_ufw
from zimlint.packets import Family
from zimlint.source import Source
from zimlint.ufw.tuples import read_tuples

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

BY_HAND = "-A ufw-user-input -p tcp --dport 4190 -j ACCEPT"


def test_what_ufw_writes_agrees(tmp_path: Path) -> None:
    commands = ["ufw --force enable", *(f"ufw {command}" for command in COMMANDS), "ufw logging full"]
    outcome = run_ufw(tmp_path, commands, {"ufw/applications.d/zimbra": PROFILES})
    for name, family in (("user.rules", Family.IPV4), ("user6.rules", Family.IPV6)):
        rules, problems = read_tuples(Source(name, (outcome.etc / "ufw" / name).read_text()), family)
        assert not problems
        assert [rule for rule in rules if not rule.agrees] == []
        assert len(rules) > 10


def test_what_is_written_by_hand_works_until_ufw_writes(tmp_path: Path) -> None:
    """It is loaded, no status shows it, and a rule for something else takes it away."""
    commands = [
        "ufw --force enable",
        "ufw allow 25/tcp",
        f"sed -i 's/^### END RULES ###/{BY_HAND}\\n\\n&/' /etc/ufw/user.rules",
        "ufw reload",
        "iptables-save | grep -c 'dport 4190'",
        "ufw status | grep -c 4190",
        "ufw allow 26/tcp",
    ]
    outcome = run_ufw(tmp_path, commands)
    assert [line for line in outcome.output.splitlines() if line.isdigit()] == ["1", "0"]
    assert "4190" not in (outcome.etc / "ufw" / "user.rules").read_text()
