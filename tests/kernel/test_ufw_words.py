"""What the real ufw prints: its three tables say the same, and its profiles are the ones that we take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernel import ufw_sandbox
from tests.kernel.ufw_sandbox import run_ufw
from zimlint.formats.ufw_profile import read_ufw_profiles
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.host import AppProfile
from zimlint.model import Condition, Target
from zimlint.packets import Family
from zimlint.source import Source

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

PROFILES = """\
[Zimbra Mail]
title=t
description=d
ports=25,465,587/tcp|143/tcp|7025:7047/udp
[Zimbra DNS]
title=t
description=d
ports=domain
[All TCP]
title=t
description=d
ports=any/tcp
[ALLOW IN  Anywhere]
title=t
description=d
ports=998/tcp
[Mail on eth0]
title=t
description=d
ports=996/tcp
"""

COMMANDS = """\
allow 25
allow 80,443/tcp comment 'a # b (out) ALLOW IN  Anywhere'
deny proto tcp from 10.0.0.3
allow proto tcp from any
allow proto igmp to 224.0.0.0/4
allow proto vrrp from 10.0.0.7 to 10.0.0.8
deny proto tcp from 2001:db8::/32 to any port 26
allow from 2001:db8::53 port 53
allow in on eth1 to any port 7071 proto tcp
deny out on eth0 to any port 25 proto tcp
deny out log-all 27/tcp
route allow in on eth0 out on eth1 to 10.0.0.9 port 80,443 proto tcp
route limit proto tcp to any port 2222
allow 'Zimbra Mail'
allow from any app 'Zimbra DNS' to 192.168.1.10 app 'Zimbra Mail'
allow from 2001:db8::/64 app 'Zimbra Mail' to any port 77
deny 'All TCP'
allow in on eth3 to any app 'ALLOW IN  Anywhere'
allow to any app 'Mail on eth0'
limit 22/tcp
reject 113
allow in on veth12@if3 to any port 41
allow from 10.1.2.3/255.255.0.255 to 10.0.0.0/8 port 1:65535 proto tcp
""".splitlines()

Line = tuple[Family, str, tuple[Condition, ...], Target, str | None]


def test_plain_verbose_and_numbered_status_agree(tmp_path: Path) -> None:
    views = ("", "verbose", "numbered")
    commands = ["ufw --force enable", *(f"ufw {command}" for command in COMMANDS)]
    commands += [f"ufw status {view} > '{tmp_path}/{view or 'plain'}.txt'" for view in views]
    run_ufw(tmp_path, commands, {"ufw/applications.d/zimbra": PROFILES})
    profiles, problems = read_ufw_profiles(Source("zimbra", PROFILES))
    assert not problems
    plain, verbose, numbered = (_lines(tmp_path / f"{view or 'plain'}.txt", profiles) for view in views)
    assert plain == verbose == numbered
    assert len(plain) > len(COMMANDS)


def _lines(path: Path, profiles: tuple[AppProfile, ...]) -> list[Line]:
    source = Source(path.name, path.read_text())
    _, rulesets, problems = read_ufw_status(source, {profile.name: profile for profile in profiles})
    assert not problems
    return [
        (ruleset.family, chain.name, rule.conditions, rule.target, rule.comment)
        for ruleset in rulesets
        for chain in ruleset.tables["filter"].values()
        for rule in chain.rules
    ]


FILES = {
    "printed": "[Zimbra]\ntitle=t\ndescription=d\nports=25,80 / tcp\n",
    "good": "[Good]\ntitle=t\ndescription=d\nports=25,smtp/tcp|any/udp\n[smtp]\n[7071]\n[all]\n[B]\ntitle=\n",
    "limit": "[Limit]\ntitle=t\ndescription=d\nports=1:2,3:4,5:6,7:8,9:10,11:12,13:14,15/tcp\n",
    "over": "[Over]\ntitle=t\ndescription=d\nports=1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16/tcp\n",
    "twice": "[Twice]\ntitle=t\ndescription=d\nports=25\nPorts=26\n",
    "lines": "[Lines]\ntitle=t\ndescription=d\nports=25\n  ,26/tcp\n[Lines2]\ntitle=t\ndescription=d\n  ports=25\n",
    "inherits": "[DEFAULT]\ntitle=t\ndescription=d\n[Inherits]\nports=9071\n",
    "inline": "[Inline]\ntitle=t\ndescription=d\nports=25/tcp # smtp\n",
}


def test_app_list_shows_the_profiles_that_we_take(tmp_path: Path) -> None:
    edits = {f"ufw/applications.d/{name}": text for name, text in FILES.items()}
    outcome = run_ufw(tmp_path, ["ufw app list"], edits)
    printed = outcome.output.splitlines()
    profiles: list[str] = []
    warnings: list[str] = []
    for name in sorted(FILES):
        taken, problems = read_ufw_profiles(Source(name, FILES[name]))
        profiles += [profile.name for profile in taken]
        warnings += [problem.message.partition(" (")[0] for problem in problems]
    assert [line[2:] for line in printed if line.startswith("  ")] == sorted(profiles)
    assert [line.removeprefix("WARN: ").strip('"') for line in printed if line.startswith("WARN")] == warnings
