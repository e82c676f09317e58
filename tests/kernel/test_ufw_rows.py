"""Every kind of row that the real ufw prints is read, and says what the tree says that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel import ufw_sandbox
from tests.kernel.test_ufw_tree import ENABLE, PROFILE, assembled
from tests.kernel.ufw_sandbox import run_ufw
from zimlint.formats.ufw_profile import read_ufw_profiles
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.model import Decide, FilterRule, Jump, Opaque, Ruleset, Verdict
from zimlint.packets import Family
from zimlint.source import Source

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

COMMANDS = """\
allow proto ah from any
allow proto esp from any comment 'vpn'
allow proto gre from any
allow proto ipv6 from any
allow proto igmp from any
allow proto vrrp from any
allow proto ah from 10.0.0.0/8
allow proto esp from any to 192.0.2.1
allow proto ipv6 from 192.0.2.0/24 to 192.0.2.1
allow proto igmp to 224.0.0.0/4
allow in on eth0 proto gre from any
allow proto tcp from any port 1000:2000
allow proto udp from any port 53 to any port 1000:2000
allow proto tcp to any port 25,1000:1010 from any port 80
allow proto tcp from 192.0.2.3 port 1024:65535 to 192.0.2.1 port 25
allow in on eth1 proto tcp from any port 20
allow proto tcp from any
allow proto udp to 192.0.2.7
deny proto tcp from 198.51.100.0/24 to any
deny in on eth2 from 192.0.2.4
allow in on eth0 to any port 143
allow in on wg0 from 192.0.2.0/24 to 192.0.2.1 port 53
allow in on eth0.10
allow 'Zimbra Mail'
allow from 192.0.2.0/24 to any app 'Zimbra Mail'
allow from any app 'Zimbra Mail' to any
deny in on eth0 to any app 'Zimbra Mail'
allow from any app 'Zimbra Mail' to any app 'Zimbra Mail'
limit 22/tcp
limit in on eth0 proto tcp from 192.0.2.0/24 to any port 2200
allow log 26/tcp
allow log-all 27/tcp
allow log proto ah from 192.0.2.77
deny log-all from 192.0.2.99
allow 80/tcp comment 'web # not (v6) ALLOW IN 1'
allow log 90/udp comment '(log)'
reject 113
reject in on eth0 from any to any port 114 proto udp
allow smtp
allow 25/udp
allow 25,465,587/tcp
allow 7025:7047/tcp
allow from 2001:db8::/32 to any port 993 proto tcp
allow proto esp from 2001:db8::/32
allow to 2001:db8::1 proto gre
allow from fe80::/10
deny to ff02::1
allow out 53
deny out on eth0 to any port 25 proto tcp
deny out log proto tcp to any port 26
reject out proto gre to any
allow out on eth0 from 192.0.2.9 app 'Zimbra Mail'
allow out to 192.0.2.10 app 'Zimbra Mail'
route allow in on eth0 out on eth1 to 192.0.2.9 port 25 proto tcp
route deny in on eth0 proto esp from any
route allow proto ah from any to 192.0.2.3
route allow in on eth2 out on eth3
route limit proto tcp from any to any port 2222
route allow in on eth0 log from 192.0.2.0/24
route reject out on eth3 from any to 10.0.0.0/8 proto udp
route allow from any to 192.0.2.11 app 'Zimbra Mail'
""".splitlines()
CHAINS = {"INPUT": "input", "OUTPUT": "output", "FORWARD": "forward"}


def test_every_row_is_read_and_says_what_the_tree_says(tmp_path: Path) -> None:
    views = ("", "verbose", "numbered")
    shown = [f"ufw status {view} > '{tmp_path}/{view or 'plain'}.txt'" for view in views]
    commands = [
        ENABLE,
        *(f"ufw {command} || echo refused: {index}" for index, command in enumerate(COMMANDS)),
        *shown,
    ]
    outcome = run_ufw(tmp_path, commands, {"ufw/applications.d/zimbra": PROFILE})
    assert "refused" not in outcome.output
    tree = assembled(outcome.etc)
    profiles = {one.name: one for one in read_ufw_profiles(Source("zimbra", PROFILE))[0]}
    for view in views:
        name = f"{view or 'plain'}.txt"
        report, rulesets, problems = read_ufw_status(Source(name, (tmp_path / name).read_text()), profiles)
        assert [problem.message for problem in problems] == []
        assert report.form == (view or "plain")
        assert [ruleset.family for ruleset in rulesets] == [Family.IPV4, Family.IPV6]
        for ruleset in rulesets:
            for chain in CHAINS:
                said = list(_of_status(ruleset, chain))
                meant = list(_of_tree(tree[ruleset.family], chain))
                assert said == meant, (view, ruleset.family, chain)
                assert said


def _of_status(ruleset: Ruleset, chain: str) -> Iterator[tuple[str, ...]]:
    """What the rows say; what stands before them in every ufw points at the head."""
    head = ruleset.source.text.split("\n").index(
        next(line for line in ruleset.source.text.split("\n") if "---" in line)
    )
    for rule in ruleset.tables["filter"][chain].rules:
        if rule.span.line > head + 1:
            yield _words(rule, str(rule.target))


def _of_tree(ruleset: Ruleset, chain: str) -> Iterator[tuple[str, ...]]:
    """The lines that decide; of those of a limit the one that accepts."""
    prefix = "ufw" if ruleset.family is Family.IPV4 else "ufw6"
    for rule in ruleset.tables["filter"][f"{prefix}-user-{CHAINS[chain]}"].rules:
        match rule.target:
            case Decide():
                yield _words(rule, str(rule.target))
            case Jump(name) if name.endswith("-user-limit-accept"):
                yield _words(rule, str(Decide(Verdict.ACCEPT)))
            case _:
                pass


def _words(rule: FilterRule, target: str) -> tuple[str, ...]:
    conditions = [one for one in rule.conditions if not (isinstance(one, Opaque) and one.module == "recent")]
    return (*sorted(map(repr, conditions)), target)
