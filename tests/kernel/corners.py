"""The smallest rulesets in which zimlint once said something else than Linux, or could easily.

Invariant: data only; the kernel and zimlint are both asked elsewhere.
"""

from __future__ import annotations

from tests.kernel.cases import NOBODY, Case
from zimlint.packets import Family

_LO = "127.0.0.1 -> 127.0.0.1"
_OWN = "203.0.113.1 -> 203.0.113.1"
_ACCEPT_ONE = "*filter\n:INPUT DROP\n-A INPUT {} -j ACCEPT\nCOMMIT\n"
_TRACKING = "*filter\n-A INPUT -m state --state NEW\nCOMMIT\n"
_SETS = """create nets hash:net family inet
add nets 203.0.113.0/24
add nets 203.0.113.8/29 nomatch
add nets 203.0.113.9
create doors hash:ip,port family inet
add doors 203.0.113.9,tcp:25
add doors 203.0.113.9,udp:80-82
add doors 203.0.113.9,icmp:8/0
add doors 203.0.113.9,gre:0
create wires hash:net,iface family inet
add wires 203.0.113.0/24,eth1
create ports bitmap:port range 0-1024
add ports 25
create some bitmap:ip range 203.0.113.0/24
add some 203.0.113.9
create blocks hash:ip family inet netmask 28
add blocks 203.0.113.0
create both list:set
add both nets
add both some
"""

CORNERS = {
    "raw stands before tracking": Case(
        """*raw
        -A PREROUTING -p tcp --dport 25 -m conntrack --ctstate NEW -j DROP
        -A PREROUTING -p tcp --dport 26 -m conntrack --ctstate INVALID -j DROP
        -A PREROUTING -p tcp --dport 27 -m conntrack --ctorigsrc 203.0.113.0/24 -j DROP
        -A PREROUTING -p tcp --dport 28 -m conntrack --ctdir ORIGINAL -j DROP
        -A PREROUTING -p tcp --dport 29 -m connmark ! --mark 9 -j DROP
        -A PREROUTING -p tcp --dport 30 -j NOTRACK
        -A PREROUTING -p tcp --dport 30 -m conntrack --ctstate UNTRACKED -j DROP
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "drop"}
        | {f"{NOBODY} -> :{port}": "accept" for port in (27, 28, 29)}
        | {f"{NOBODY} -> :30": "drop"},
    ),
    "invalid packets have no connection": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 -m conntrack --ctorigdstport 25 -j ACCEPT
        -A INPUT -p tcp --dport 26 -m conntrack ! --ctorigdstport 9 -j ACCEPT
        -A INPUT -p tcp --dport 27 -m conntrack --ctdir ORIGINAL -j ACCEPT
        -A INPUT -p tcp --dport 28 -m connmark ! --mark 9 -j ACCEPT
        -A INPUT -p tcp --dport 29 -m conntrack ! --ctstate NEW,ESTABLISHED -j ACCEPT
        """,
        {f"{NOBODY} -> :{port} invalid": "drop" for port in (25, 26, 27, 28)}
        | {f"{NOBODY} -> :{port}": "accept" for port in (25, 26, 27, 28)}
        | {f"{NOBODY} -> :29 invalid": "accept", f"{NOBODY} -> :29": "drop"},
    ),
    "exempted packets keep their mark": Case(
        """*raw
        -A PREROUTING -p tcp --dport 25 -j CT --notrack
        COMMIT
        *mangle
        -A PREROUTING -j MARK --set-mark 5
        -A PREROUTING -j CONNMARK --restore-mark
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m mark --mark 5 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "drop"},
    ),
    "exempted packets and the port before nat": Case(
        """*raw
        -A PREROUTING -p tcp --dport 25 -j NOTRACK
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -p tcp -m conntrack --ctorigdstport 25:26 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "drop"},
    ),
    "marks are copied by their masks": Case(
        """*mangle
        -A PREROUTING -j MARK --set-mark 0xff
        -A PREROUTING -j CONNMARK --save-mark --nfmask 0x3c --ctmask 0xf0
        -A PREROUTING -j MARK --set-mark 0x101
        -A PREROUTING -j CONNMARK --restore-mark --ctmask 0x1c --nfmask 0xff
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -p tcp --dport 25 -m mark --mark 0x11c/0xfff -m connmark --mark 0x3c -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "drop"},
    ),
    "mark arithmetic": Case(
        """*mangle
        -A PREROUTING -j MARK --set-mark 0xf0/0x3c
        -A PREROUTING -p tcp -j MARK --xor-mark 0x11
        -A PREROUTING -j MARK --and-mark 0xfe
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m mark --mark 0xe0 -j ACCEPT
        COMMIT
        """,
        {f"{NOBODY} -> :25": "accept", "udp 203.0.113.9 -> :25": "drop"},
    ),
    "connmark in raw marks nothing": Case(
        "*raw\n-A PREROUTING -j CONNMARK --set-mark 5\nCOMMIT\n" + _ACCEPT_ONE.format("-m connmark --mark 5"),
        {f"{NOBODY} -> :25": "drop"},
    ),
    "an exemption does not turn tracking on": Case(
        "*raw\n-A PREROUTING -p tcp --dport 25 -j CT --notrack\nCOMMIT\n*nat\n:PREROUTING DROP\nCOMMIT\n",
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "accept"},
    ),
    "a zone does": Case(
        "*raw\n-A PREROUTING -p tcp --dport 25 -j CT --zone 3\nCOMMIT\n*nat\n:PREROUTING DROP\nCOMMIT\n",
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "drop"},
    ),
    "masquerading does": Case(
        "*nat\n:PREROUTING DROP\n-A POSTROUTING -s 10.8.0.0/24 -j MASQUERADE\nCOMMIT\n", {f"{NOBODY} -> :25": "drop"}
    ),
    "a connection limit does": Case(
        """*nat
        :PREROUTING DROP
        COMMIT
        *filter
        -A INPUT -p tcp -m connlimit --connlimit-above 3 -j DROP
        COMMIT
        """,
        {f"{NOBODY} -> :25": "drop"},
    ),
    "nat INPUT is asked about a moved packet too": Case(
        "*nat\n:INPUT DROP\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n",
        {f"{NOBODY} -> :80": "drop", f"{NOBODY} -> :81": "drop"},
    ),
    "nat POSTROUTING too": Case(
        "*nat\n:POSTROUTING DROP\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2\nCOMMIT\n",
        {f"{NOBODY} -> :80": "drop", f"{NOBODY} -> :81": "accept"},
    ),
    "a routed packet knows where it came in": Case(
        """*mangle
        :LAST -
        -A POSTROUTING -j LAST
        -A LAST -i eth0 -j DROP
        COMMIT
        *nat
        -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2
        COMMIT
        """,
        {f"{NOBODY} -> :80": "drop", f"{NOBODY} -> :80 in eth1": "accept"},
    ),
    "a routed packet is rejected": Case(
        """*nat
        -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080
        COMMIT
        *filter
        -A FORWARD -p tcp --dport 8080 -j REJECT
        COMMIT
        """,
        {f"{NOBODY} -> :80": "reject", f"{NOBODY} -> :8080": "accept"},
    ),
    "nat chooses from a range": Case(
        """*nat
        -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2-172.17.0.9
        COMMIT
        *filter
        :FORWARD DROP
        -A FORWARD -d 172.17.0.5 -j ACCEPT
        COMMIT
        """,
        {"tcp 203.0.113.20 -> :80": "drop", "tcp 203.0.113.23 -> :80": "accept"},
        routed=("tcp 203.0.113.20 -> :80", "tcp 203.0.113.23 -> :80"),
    ),
    "a port in the range stays": Case(
        "*nat\n-A PREROUTING -p tcp --dport 80:90 -j REDIRECT --to-ports 85-95\nCOMMIT\n"
        + _ACCEPT_ONE.format("-p tcp --dport 86"),
        {f"{NOBODY} -> :86": "accept"},
        routed=(f"{NOBODY} -> :86",),
    ),
    "netmap keeps the host": Case(
        """*nat
        -A PREROUTING -d 10.0.0.1 -j NETMAP --to 172.17.0.0/24
        COMMIT
        *filter
        :FORWARD DROP
        -A FORWARD -d 172.17.0.1 -j ACCEPT
        COMMIT
        """,
        {"tcp 203.0.113.9 -> 10.0.0.1:25": "accept"},
    ),
    "nat to the address it had": Case(
        """*nat
        -A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 203.0.113.1:8080
        COMMIT
        *filter
        :INPUT DROP
        :FORWARD DROP
        -A INPUT -p tcp --dport 8080 -j ACCEPT
        COMMIT
        """,
        {"tcp 203.0.113.9 -> 203.0.113.1:80": "accept", "tcp 203.0.113.9 -> 203.0.113.1:81": "drop"},
    ),
    "nat that changes nothing": Case(
        "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination :80\nCOMMIT\n"
        + _ACCEPT_ONE.format("-m conntrack --ctstate DNAT"),
        {f"{NOBODY} -> :80": "drop"},
    ),
    "nat to loopback": Case(
        "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 127.0.0.1\nCOMMIT\n",
        {f"{NOBODY} -> :80": "drop", f"{NOBODY} -> :81": "accept"},
        routed=(f"{NOBODY} -> :80",),
    ),
    "nat states": Case(
        "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
        + _ACCEPT_ONE.format("-p tcp -m conntrack ! --ctstate DNAT -m conntrack --ctdir ORIGINAL"),
        {f"{NOBODY} -> :80": "drop", f"{NOBODY} -> :8080": "accept"},
    ),
    "the header before nat": Case(
        "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
        + _ACCEPT_ONE.format("-m conntrack --ctorigdst 203.0.113.1 --ctproto tcp --ctorigdstport 80"),
        {f"{NOBODY} -> :80": "accept", f"{NOBODY} -> :8080": "drop", "tcp 203.0.113.9 -> 10.0.0.1:80": "drop"},
    ),
    "nat behind a match that nobody knows": Case(
        """*nat
        -A PREROUTING -m string --string nothing --algo bm -j ACCEPT
        -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2
        COMMIT
        *filter
        -A FORWARD -j REJECT
        COMMIT
        """,
        {f"{NOBODY} -> :80": "reject", f"{NOBODY} -> :81": "accept"},
        routed=(f"{NOBODY} -> :80",),
    ),
    "a program behind a queue": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 -j NFQUEUE
        -A INPUT -p tcp --dport 26 -j NFQUEUE --queue-bypass
        """,
        {f"{NOBODY} -> :25": "drop", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "drop"},
        routed=(f"{NOBODY} -> :25", f"{NOBODY} -> :26"),
    ),
    "limits depend": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 -m limit --limit 3/hour --limit-burst 1 -j ACCEPT
        -A INPUT -p tcp --dport 26 -m limit --limit 3/hour --limit-burst 1 -j ACCEPT
        -A INPUT -p tcp --dport 26 -j ACCEPT
        -A INPUT -p tcp --dport 27 -m recent --name seen --rcheck -j ACCEPT
        """,
        {f"{NOBODY} -> :25": "accept", f"{NOBODY} -> :26": "accept", f"{NOBODY} -> :27": "drop"},
        routed=(f"{NOBODY} -> :25", f"{NOBODY} -> :27"),
    ),
    "line that refuses by either port": Case(
        "-A INPUT -p tcp -m multiport ! --ports 25 -j DROP",
        {"tcp 203.0.113.9:25 -> :80": "accept", "tcp 203.0.113.9:80 -> :25": "accept", f"{NOBODY} -> :80": "drop"},
    ),
    "protocols by number": Case(
        ":INPUT DROP\n-A INPUT -p 6 -m multiport --dports 25,26 -j ACCEPT\n-A INPUT -p 47 -j ACCEPT",
        {f"{NOBODY} -> :26": "accept", "gre 203.0.113.9 -> host": "accept", f"{NOBODY} -> :27": "drop"},
    ),
    "tcp flags": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 --syn -j ACCEPT
        -A INPUT -p tcp --dport 26 ! --syn -j ACCEPT
        -A INPUT -p tcp --dport 27 --tcp-flags ALL SYN -j ACCEPT
        -A INPUT -p tcp --dport 28 --tcp-flags SYN,ACK SYN,ACK -j ACCEPT
        """,
        {
            f"{NOBODY} -> :{port}": verdict
            for port, verdict in zip((25, 26, 27, 28), ("accept", "drop", "accept", "drop"), strict=True)
        },
    ),
    "kinds of addresses": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 -m addrtype --dst-type LOCAL -j ACCEPT
        -A INPUT -p tcp --dport 26 -m addrtype --src-type LOCAL -j ACCEPT
        -A INPUT -p tcp --dport 27 -m addrtype --src-type UNICAST --dst-type LOCAL -j ACCEPT
        -A INPUT -p tcp --dport 28 -m addrtype ! --dst-type UNICAST -j ACCEPT
        -A INPUT -p udp -m addrtype --dst-type MULTICAST -j ACCEPT
        -A INPUT -p udp --dport 67 -m addrtype --src-type BROADCAST --dst-type BROADCAST -j ACCEPT
        """,
        {
            f"{NOBODY} -> :25": "accept",
            f"{NOBODY} -> :26": "drop",
            f"{NOBODY} -> :27": "accept",
            f"{NOBODY} -> :28": "accept",
            "udp 203.0.113.9 -> 224.0.0.1:5353": "accept",
            "udp 203.0.113.9 -> :5353": "drop",
            "udp 0.0.0.0:68 -> 255.255.255.255:67": "accept",
            f"tcp {_OWN}:26 in lo": "accept",
        },
    ),
    "kinds of packets": Case(
        """:INPUT DROP
        -A INPUT -p tcp -m pkttype --pkt-type unicast -j ACCEPT
        -A INPUT -p udp --dport 25 -m pkttype --pkt-type multicast -j ACCEPT
        -A INPUT -p udp --dport 26 -m pkttype --pkt-type broadcast -j ACCEPT
        """,
        {
            f"{NOBODY} -> :25": "accept",
            "udp 203.0.113.9 -> 224.0.0.1:25": "accept",
            "udp 203.0.113.9 -> 224.0.0.1:26": "drop",
            "udp 203.0.113.9 -> 255.255.255.255:26": "accept",
            "udp 203.0.113.9 -> :25": "drop",
        },
    ),
    "sources that cannot be": Case(
        "-A INPUT -p udp --dport 9 -j DROP",
        {
            f"tcp {source} -> :25": verdict
            for source, verdict in {
                "127.0.0.1": "drop",
                "0.0.0.0": "drop",
                "224.0.0.1": "drop",
                "255.255.255.255": "drop",
                "0.1.2.3": "accept",
                "240.0.0.1": "accept",
                "255.255.255.254": "accept",
                "169.254.1.1": "accept",
            }.items()
        },
    ),
    "more sets": Case(
        """:INPUT DROP
        -A INPUT -p udp -m set --match-set doors src,dst -j ACCEPT
        -A INPUT -p tcp --dport 25 -m set --match-set nets src -j ACCEPT
        -A INPUT -p tcp --dport 26 -m set ! --match-set some src -j ACCEPT
        -A INPUT -p tcp --dport 27 -m set --match-set wires src,src -j ACCEPT
        -A INPUT -p tcp --sport 2000 -m set --match-set ports dst -j ACCEPT
        -A INPUT -p tcp --dport 28 -m set --match-set both src -j ACCEPT
        -A INPUT -p tcp --dport 29 -m set --match-set blocks src -j ACCEPT
        -A INPUT ! -p tcp -m set --match-set doors src,dst -j ACCEPT
        """,
        {
            "udp 203.0.113.9 -> :82": "accept",
            "udp 203.0.113.9 -> :83": "drop",
            f"{NOBODY} -> :25": "accept",
            "tcp 203.0.113.10 -> :25": "drop",
            "tcp 203.0.113.17 -> :25": "accept",
            f"{NOBODY} -> :26": "drop",
            "tcp 203.0.113.10 -> :26": "accept",
            f"{NOBODY} -> :27": "drop",
            f"{NOBODY} -> :27 in eth1": "accept",
            "tcp 198.51.100.1:2000 -> :25": "accept",
            "tcp 198.51.100.1:2000 -> :24": "drop",
            "tcp 203.0.113.10 -> :28": "drop",
            f"{NOBODY} -> :28": "accept",
            "tcp 203.0.113.15 -> :29": "accept",
            "tcp 203.0.113.16 -> :29": "drop",
            "icmp 203.0.113.9 -> type 8": "accept",
            "icmp 203.0.113.9 -> type 13": "drop",
            "gre 203.0.113.9 -> host": "accept",
        },
        sets=_SETS,
    ),
    "numbers that begin with a zero": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 025 -j ACCEPT
        -A INPUT -p udp --dport 025 -j ACCEPT
        -A INPUT -p udp --dport 65616 -j ACCEPT
        -A INPUT -p icmp -s 0313.0.113.011 -j ACCEPT
        -A INPUT -p gre -m iprange --src-range 0313.0.113.010-0313.0.113.012 -j ACCEPT
        -A INPUT -p esp -m conntrack --ctorigsrc 203.0.113.9/255.0.255.0 -j ACCEPT
        -A INPUT -p sctp -m set --match-set octal src -j ACCEPT
        """,
        {
            f"{NOBODY} -> :21": "accept",
            f"{NOBODY} -> :25": "drop",
            "udp 203.0.113.9 -> :25": "accept",
            "udp 203.0.113.9 -> :21": "drop",
            "udp 203.0.113.9 -> :80": "accept",
            "icmp 203.0.113.9 -> type 8": "accept",
            "icmp 203.0.113.11 -> type 8": "drop",
            "gre 203.0.113.10 -> host": "accept",
            "gre 203.0.113.11 -> host": "drop",
            "esp 203.0.113.9 -> host": "accept",
            "esp 203.77.113.9 -> host": "drop",
            "sctp 203.0.113.9 -> :25": "accept",
            "sctp 203.0.113.11 -> :25": "drop",
        },
        sets="create octal hash:ip family inet\nadd octal 0313.0.113.011\n",
    ),
    "over loopback": Case(
        """:INPUT DROP
        :OUTPUT DROP
        :LOCAL -
        -A OUTPUT -o lo -j LOCAL
        -A INPUT -i lo -j ACCEPT
        -A LOCAL -p tcp --dport 25 -j ACCEPT
        -A LOCAL -s 127.0.0.0/8 -p tcp --dport 26 -j ACCEPT
        -A LOCAL -p tcp --dport 27 ! -i eth0 -j ACCEPT
        -A LOCAL -p tcp --dport 28 -i lo -j ACCEPT
        """,
        {
            f"tcp {_LO}:25 in lo": "accept",
            f"tcp {_OWN}:25 in lo": "accept",
            f"tcp {_LO}:26 in lo": "accept",
            f"tcp {_OWN}:26 in lo": "drop",
            f"tcp {_LO}:27 in lo": "accept",
            f"tcp {_LO}:28 in lo": "drop",
            f"{NOBODY} -> :25": "drop",
        },
    ),
    "loopback is exempted in OUTPUT or not at all": Case(
        """*raw
        -A PREROUTING -i lo -p tcp --dport 25 -j NOTRACK
        -A OUTPUT -o lo -p tcp --dport 26 -j NOTRACK
        -A PREROUTING -i lo -p tcp --dport 27 -m conntrack --ctstate NEW -j DROP
        -A OUTPUT -o lo -p tcp --dport 28 -m conntrack --ctstate NEW -j DROP
        COMMIT
        *filter
        :INPUT DROP
        -A INPUT -m conntrack --ctstate NEW -j ACCEPT
        COMMIT
        """,
        {
            f"tcp {_LO}:{port} in lo": verdict
            for port, verdict in zip((25, 26, 27, 28), ("accept", "drop", "drop", "accept"), strict=True)
        },
    ),
    "nat of loopback is settled in OUTPUT": Case(
        "*nat\n:PREROUTING DROP\n:INPUT DROP\n-A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
        + _ACCEPT_ONE.format("-i lo -p tcp --dport 8080"),
        {f"tcp {_LO}:80 in lo": "accept", f"tcp {_OWN}:8080 in lo": "accept", f"{NOBODY} -> :80": "drop"},
    ),
    "nat OUTPUT sends elsewhere": Case(
        """*nat
        -A OUTPUT -p tcp --dport 80:81 -j DNAT --to-destination 172.17.0.2
        COMMIT
        *filter
        -A OUTPUT -p tcp --dport 81 -d 172.17.0.2 -j REJECT
        -A INPUT -p tcp --dport 80 -j DROP
        COMMIT
        """,
        {f"tcp {_LO}:80 in lo": "drop", f"tcp {_OWN}:80 in lo": "accept", f"tcp {_OWN}:81 in lo": "reject"},
        leaves=True,
    ),
    "nat defaults of loopback": Case(
        "*nat\n:OUTPUT DROP\nCOMMIT\n" + _TRACKING, {f"tcp {_LO}:80 in lo": "drop", f"{NOBODY} -> :80": "accept"}
    ),
    "icmp states": Case(
        _ACCEPT_ONE.format("-p icmp -m conntrack --ctstate NEW"),
        {"icmp 203.0.113.9 -> type 8": "accept", "icmp 203.0.113.9 -> type 0 invalid": "drop"},
    ),
    "icmpv6 states": Case(
        """:INPUT DROP
        -A INPUT -p icmpv6 --icmpv6-type 128:129 -j DROP
        """.replace("128:129", "129")
        + """-A INPUT -p icmpv6 -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT
        -A INPUT -p tcp --dport 25 -m conntrack --ctstate INVALID -j ACCEPT
        """,
        {"icmpv6 2001:db8::9 -> type 128": "accept", "icmpv6 2001:db8::9 -> type 129 invalid": "drop"}
        | {f"icmpv6 2001:db8::9 -> type {kind} untracked": "drop" for kind in (133, 134, 135, 136, 143)}
        | {"tcp 2001:db8::9 -> :25 invalid": "accept"},
        family=Family.IPV6,
    ),
    "kinds of ipv6 addresses": Case(
        """:INPUT DROP
        -A INPUT -p tcp --dport 25 -m addrtype --dst-type LOCAL,UNICAST -j ACCEPT
        -A INPUT -p tcp --dport 26 -m addrtype --src-type LOCAL -j ACCEPT
        -A INPUT -p udp --dport 27 -m addrtype --src-type UNICAST -j ACCEPT
        -A INPUT -p udp --dport 28 -m addrtype ! --dst-type MULTICAST -j ACCEPT
        """,
        {
            "tcp 2001:db8::9 -> :25": "accept",
            "tcp 2001:db8::9 -> :26": "drop",
            "tcp ::1 -> [::1]:26 in lo": "accept",
            "udp :: -> :27": "drop",
            "udp fe80::9 -> :27": "accept",
            "udp 2001:db8::9 -> [ff02::1]:28": "drop",
            "udp 2001:db8::9 -> :28": "accept",
        },
        family=Family.IPV6,
    ),
    "nat in ipv6": Case(
        """*nat
        -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
        -A PREROUTING -i eth1 -p tcp --dport 81 -j DNAT --to-destination [fd00:172::2]:8081
        COMMIT
        *filter
        :INPUT DROP
        :FORWARD DROP
        -A INPUT -p tcp --dport 8080 -j ACCEPT
        -A FORWARD -d fd00:172::/64 -p tcp --dport 8081 -j ACCEPT
        COMMIT
        """,
        {
            "tcp 2001:db8::9 -> :80": "accept",
            "tcp 2001:db8::9 -> :8080": "accept",
            "tcp 2001:db8::9 -> :81": "drop",
            "tcp 2001:db8::9 -> :81 in eth1": "accept",
        },
        family=Family.IPV6,
    ),
}
