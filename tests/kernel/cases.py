"""Hand-written rulesets whose meaning is easily got wrong, and packets with the verdict that the kernel gives them.

Most of the second half are the smallest rulesets in which zimlint once said something else than Linux.

Invariant: data only; the kernel and zimlint are both asked elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from zimlint.packets import Family


class Case(NamedTuple):
    """Lines of the filter table (or whole tables, with ``*``), and packets with the answer that we expect."""

    rules: str
    packets: dict[str, str]
    sets: str = ""
    family: Family = Family.IPV4
    routed: tuple[str, ...] = ()
    """Packets whose way depends on more than the rules (routes, a program, chance): of these we say ``depends``."""
    leaves: bool = False
    """Packets over ``lo`` are sent elsewhere, so that ``decide_loopback`` has nothing to say of them."""


def text_of(case: Case) -> str:
    """A file that iptables-restore takes."""
    rules = "\n".join(line.strip() for line in case.rules.strip().splitlines()) + "\n"
    return rules if rules.startswith("*") else f"*filter\n{rules}COMMIT\n"


NOBODY = "tcp 203.0.113.9"
CASES = {
    "chain default": Case(
        ":INPUT DROP\n-A INPUT -p tcp --dport 25 -j ACCEPT",
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "drop", "udp 203.0.113.9 -> :25": "drop"},
    ),
    "undeclared chain": Case(
        "-A INPUT -p tcp --dport 25 -j DROP", {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept"}
    ),
    "user chain and return": Case(
        """:INPUT DROP
        :MAIL -
        -A INPUT -p tcp -j MAIL
        -A INPUT -p tcp --dport 26 -j ACCEPT
        -A MAIL -s 10.0.0.0/8 -j RETURN
        -A MAIL -p tcp --dport 25:26 -j ACCEPT
        """,
        {
            f"{NOBODY} -> :25": "accept",
            f"{NOBODY} -> :26": "accept",
            "tcp 10.1.2.3 -> :25": "drop",
            "tcp 10.1.2.3 -> :26": "accept",
        },
    ),
    "return in a base chain": Case(
        ":INPUT DROP\n-A INPUT -p tcp --dport 25 -j RETURN\n-A INPUT -j ACCEPT",
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept"},
    ),
    "goto skips the rest of its chain": Case(
        """:INPUT DROP
        :ZONE -
        :DEEP -
        -A INPUT -j ZONE
        -A INPUT -p tcp --dport 26 -j ACCEPT
        -A ZONE -p tcp --dport 25:26 -g DEEP
        -A ZONE -j ACCEPT
        -A DEEP -p tcp --dport 993 -j ACCEPT
        """,
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "accept"},
    ),
    "goto from a base chain": Case(
        ":INPUT DROP\n:DEEP -\n-A INPUT -p tcp --dport 25 -g DEEP\n-A INPUT -j ACCEPT\n-A DEEP -p udp -j ACCEPT",
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept"},
    ),
    "multiport": Case(
        """:INPUT DROP
        -A INPUT -p tcp -m multiport --dports 25,465,7000:7100 -j ACCEPT
        -A INPUT -p udp -m multiport --ports 53 -j ACCEPT
        -A INPUT -p tcp -m multiport ! --dports 80,443 -m tcp --dport 79:81 -j ACCEPT
        """,
        {
            f"{NOBODY} -> :25": "accept",
            f"{NOBODY} -> :7100": "accept",
            f"{NOBODY} -> :7101": "drop",
            "udp 203.0.113.9:53 -> :9999": "accept",
            "udp 203.0.113.9:9999 -> :53": "accept",
            "udp 203.0.113.9:9999 -> :54": "drop",
            f"{NOBODY} -> :79": "accept",
            f"{NOBODY} -> :80": "drop",
        },
    ),
    "iprange and masks with holes": Case(
        """:INPUT DROP
        -A INPUT -m iprange --src-range 192.0.2.10-192.0.2.20 -j ACCEPT
        -A INPUT -s 10.0.12.0/255.0.255.0 -j ACCEPT
        """,
        {
            "tcp 192.0.2.9 -> :25": "drop",
            "tcp 192.0.2.10 -> :25": "accept",
            "tcp 192.0.2.20 -> :25": "accept",
            "tcp 192.0.2.21 -> :25": "drop",
            "tcp 10.99.12.7 -> :25": "accept",
            "tcp 10.99.13.7 -> :25": "drop",
        },
    ),
    "negations": Case(
        """:INPUT DROP
        -A INPUT ! -s 198.51.100.0/28 -p tcp --dport 7071 -j REJECT
        -A INPUT ! -p tcp -j DROP
        -A INPUT ! -i eth1 -p tcp ! --dport 25 -j ACCEPT
        """,
        {
            f"{NOBODY} -> :7071": "reject",
            "tcp 198.51.100.5 -> :7071": "accept",
            f"{NOBODY} -> :25": "drop",
            f"{NOBODY} -> :26 in eth1": "drop",
            f"{NOBODY} -> :26": "accept",
            "udp 203.0.113.9 -> :26": "drop",
        },
    ),
    "interface wildcards": Case(
        ":INPUT DROP\n-A INPUT -i eth -j ACCEPT\n-A INPUT -i eth1+ -j ACCEPT\n-A INPUT -i tun+ -j ACCEPT",
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :25 in eth1": "accept", f"{NOBODY} -> :25 in tun0": "accept"},
    ),
    "options behind the target": Case(
        ":INPUT DROP\n-A INPUT -p tcp -j ACCEPT -s 198.51.100.0/28 --dport 22",
        {f"{NOBODY} -> :22": "drop", "tcp 198.51.100.1 -> :22": "accept", "tcp 198.51.100.1 -> :23": "drop"},
    ),
    "redirect": Case(
        """*nat
        -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -p tcp --dport 8080 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :80": "accept", f"{NOBODY} -> :8080": "accept", f"{NOBODY} -> :81": "drop"},
    ),
    "redirect told from the rest": Case(
        """*nat
        -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -p tcp --dport 80 -j ACCEPT
        -A INPUT -p tcp --dport 8080 -m conntrack --ctstate DNAT --ctorigdstport 80 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :80": "accept", f"{NOBODY} -> :8080": "drop"},
    ),
    "nat default without conntrack": Case(
        """*nat
        :PREROUTING DROP
        COMMIT
        *filter
        :INPUT ACCEPT
        -A INPUT -p udp --dport 9 -j DROP
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept"},
    ),
    "nat default with conntrack": Case(
        """*nat
        :PREROUTING DROP
        COMMIT
        *filter
        :INPUT ACCEPT
        -A INPUT -m conntrack --ctstate INVALID -j DROP
        COMMIT
        """,
        {f"{NOBODY} -> :25": "drop"},
    ),
    "marks": Case(
        """*mangle
        -A PREROUTING -p tcp --dport 25 -j MARK --set-mark 0x10
        -A PREROUTING -p tcp --dport 26 -j MARK --set-xmark 0x10/0xff
        -A PREROUTING -p tcp --dport 26 -j MARK --or-mark 0x1
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m mark --mark 0x10 -j ACCEPT
        -A INPUT -p tcp --dport 26 -m mark --mark 0x11/0xff -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "drop"},
    ),
    "raw drops first": Case(
        """*raw
        -A PREROUTING -p udp --dport 11211 -j DROP
        COMMIT
        *filter
        -A INPUT -j ACCEPT
        COMMIT
        """,
        {"udp 203.0.113.9 -> :11211": "drop", f"{NOBODY} -> :11211": "accept"},
    ),
    "accept ends one table only": Case(
        """*mangle
        -A INPUT -p tcp --dport 25 -j ACCEPT
        -A INPUT -p tcp --dport 26 -j DROP
        COMMIT
        *filter
        :INPUT ACCEPT
        -A INPUT -p tcp --dport 25 -j DROP
        COMMIT
        *security
        -A INPUT -p tcp --dport 27 -j DROP
        COMMIT
        """,
        {f"{NOBODY} -> :{port}": "drop" for port in (25, 26, 27)} | {f"{NOBODY} -> :28": "accept"},
    ),
    "untracked": Case(
        """*raw
        -A PREROUTING -p tcp --dport 25 -j CT --notrack
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT
        -A INPUT -p tcp --dport 26 -m conntrack ! --ctstate ESTABLISHED,RELATED -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "drop"},
    ),
    "states of a first packet": Case(
        """:INPUT DROP
        -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -m state --state NEW -p tcp --dport 25 -j ACCEPT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "drop", "icmp 203.0.113.9 -> type 8": "drop"},
    ),
    "icmp types": Case(
        ":INPUT DROP\n-A INPUT -p icmp --icmp-type echo-request -j ACCEPT",
        {"icmp 203.0.113.9 -> type 8": "accept", "icmp 203.0.113.9 -> type 13": "drop"},
    ),
    "sets": Case(
        """:INPUT DROP
        -A INPUT -m set --match-set bans src -j DROP
        -A INPUT -p tcp -m set --match-set doors src,dst -j ACCEPT
        -A INPUT -p tcp --dport 25 -j ACCEPT
        """,
        {
            "tcp 192.0.2.7 -> :25": "drop",
            "tcp 192.0.2.8 -> :25": "accept",
            f"{NOBODY} -> :25": "accept",
            f"{NOBODY} -> :22": "drop",
            "tcp 198.51.100.1 -> :22": "accept",
            "tcp 198.51.100.1 -> :23": "drop",
        },
        sets="""create bans hash:net family inet
        add bans 192.0.2.0/24
        add bans 192.0.2.8 nomatch
        create doors hash:ip,port family inet
        add doors 198.51.100.1,tcp:22
        """,
    ),
    "ipv6": Case(
        """:INPUT DROP
        -A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT
        -A INPUT -p icmp -j ACCEPT
        -A INPUT -s 2001:db8:20::/64 -p tcp --dport 7025 -j ACCEPT
        -A INPUT -p tcp --dport 25 -j ACCEPT
        """,
        {
            "tcp 2001:db8::9 -> :25": "accept",
            "tcp 2001:db8::9 -> :7025": "drop",
            "tcp 2001:db8:20::7 -> :7025": "accept",
            "icmpv6 2001:db8::9 -> type 135": "accept",
            "icmpv6 2001:db8::9 -> type 128": "drop",
        },
        family=Family.IPV6,
    ),
    "docker": Case(
        """*nat
        :DOCKER -
        -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        -A DOCKER ! -i docker0 -p tcp --dport 11211 -j DNAT --to-destination 172.17.0.3:11211
        -A DOCKER ! -i docker0 -p tcp --dport 12000 -j DNAT --to-destination 172.17.0.4:11211
        COMMIT
        *filter
        :INPUT DROP
        :FORWARD DROP
        -A FORWARD -d 172.17.0.3/32 ! -i docker0 -o docker0 -p tcp --dport 11211 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :11211": "accept", f"{NOBODY} -> :12000": "drop", f"{NOBODY} -> :25": "drop"},
        routed=(f"{NOBODY} -> :11211",),
    ),
}
