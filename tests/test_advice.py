"""What to do about a file that the real tool would refuse: in the words of that tool, whatever the file is."""

from __future__ import annotations

import pytest

from tests.cli.inputs import GOOD_V4, GOOD_V6, STATUS
from tests.helpers import lint_files, run_zimlint
from zimlint.checks import load_checks

BAD = "-A INPUT -p tcp --dprt 25 -j ACCEPT\n"
USER = "*filter\n:ufw-user-input - [0:0]\n### RULES ###\n### END RULES ###\nCOMMIT\n"


@pytest.mark.parametrize(
    ("name", "text", "check", "advice"),
    [
        ("rules.v4", GOOD_V4.replace("COMMIT", f"{BAD}COMMIT"), "unreadable-line", "`iptables-restore --test FILE`"),
        ("etc/ufw/user.rules", USER.replace("COMMIT", "-A ufw-user-input --dprt 25\nCOMMIT"), "unreadable-line",
         "then `ufw reload`"),
        ("ipset.save", "create a hash:ip\nadd b 192.0.2.1\n", "unreadable-line",
         "`unshare --net ipset restore -file FILE`"),
        ("ufw-status.txt", f"{STATUS}26/tcp    ALOW IN    Anywhere\n", "unreadable-line",
         "`LC_ALL=C ufw status verbose`"),
        ("added.txt", "Added user rules (see 'ufw status' for running firewall):\nufw allow 25/tpc\n",
         "unreadable-line", "`ufw show added`"),
        ("fw.sh", "#!/bin/sh\nufw allow 25/tpc\n", "unreadable-line", "`ufw --dry-run allow 25/tcp`"),
        ("fw.sh", f"#!/bin/sh\niptables {BAD}", "unreadable-line", "`unshare --net sh FILE`"),
        ("fw.sh", "#!/bin/sh\niptables -A INPUT -j SHUT\n", "undefined-chain", "`iptables -N NAME`"),
        ("rules.v4", GOOD_V4.replace("COMMIT", "-A INPUT -j SHUT\nCOMMIT"), "undefined-chain", "`:NAME - [0:0]`"),
        ("rules.v4", GOOD_V4.replace("COMMIT\n", ""), "not-loaded", "`dos2unix FILE`"),
        ("etc/ufw/user.rules", USER.replace("COMMIT\n", ""), "not-loaded", "from /usr/share/ufw/iptables"),
        ("fw.sh", "#!/bin/sh\nufw allow $PORT\n", "unknown-command", "`ufw status verbose`"),
        ("fw.sh", "#!/bin/sh\niptables -A INPUT -p tcp --dport $PORT -j ACCEPT\n", "unknown-command",
         "`iptables-save`"),
    ],
)  # fmt: skip
def test_the_advice_is_for_files_of_this_kind(name: str, text: str, check: str, advice: str) -> None:
    report = lint_files({name: text, **({"rules.v6": GOOD_V6} if name == "rules.v4" else {})})
    (told,) = (finding for finding in report.findings if finding.check == check)
    assert advice in told.fix
    others = [str(one) for one in load_checks()[check].params.values()]
    assert sum(one in told.fix for one in others) == 1


def test_the_explanation_has_the_advice_for_every_kind() -> None:
    text = " ".join(run_zimlint("explain", "unreadable-line").out.split())
    for advice in load_checks()["unreadable-line"].params.values():
        assert str(advice) in text
