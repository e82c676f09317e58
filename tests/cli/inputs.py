"""Small inputs for the command line's tests, made by us."""

from __future__ import annotations

from pathlib import Path

CLOSED = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
RULES = "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
MAIL = "-A INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT\n"
SSH_V4 = "-A INPUT -s 198.51.100.0/28 -p tcp -m tcp --dport 22 -j ACCEPT\n"
SSH_V6 = SSH_V4.replace("198.51.100.0/28", "2001:db8:100::/64")
GOOD_V4 = f"{CLOSED}{RULES}-A INPUT -p icmp -j ACCEPT\n{MAIL}{SSH_V4}COMMIT\n"
GOOD_V6 = f"{CLOSED}{RULES}-A INPUT -p ipv6-icmp -j ACCEPT\n{MAIL}{SSH_V6}COMMIT\n"
ADMIN = "-A INPUT -p tcp -m tcp --dport 7071 -j ACCEPT\n"
BAD_V4 = GOOD_V4.replace(MAIL, MAIL + ADMIN)
BAD_V6 = GOOD_V6.replace(MAIL, MAIL + ADMIN)
STATUS = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
25/tcp                     ALLOW IN    Anywhere
443/tcp                    ALLOW IN    Anywhere
22/tcp                     ALLOW IN    198.51.100.0/28
"""
PROFILE = "[Zimbra]\ntitle=Zimbra\ndescription=mail\nports=25,443,465,587,993/tcp\n"


def good_host(folder: Path) -> Path:
    """A host without a fault, as two dumps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.v4").write_text(GOOD_V4)
    (folder / "rules.v6").write_text(GOOD_V6)
    return folder


def bad_host(folder: Path) -> Path:
    """The same with the admin console open to all."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.v4").write_text(BAD_V4)
    (folder / "rules.v6").write_text(BAD_V6)
    return folder
