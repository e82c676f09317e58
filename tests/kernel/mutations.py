"""Rule files with one fault each, or none: words and lines left out, doubled, exchanged, replaced, numbers changed.

Invariant: the same seed makes the same mutation of the same file.
"""

# ruff: noqa: E501, SIM905 - tables of words
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, list[str]], list[str]]
"""From lines to lines; where there is nothing to do the lines come back as they are."""

_VALUES = {
    "-p": "tcp udp TCP 6 17 icmp icmpv6 ipv6-icmp all 0 256 -1 tpc 0x6 006 sctp esp 132 gre udplite any tcp,udp",
    "-s": "10.0.0.0/8 10.0.0.0/33 10.0.0.256 10.0.0 10/8 0/0 2001:db8::/32 ::/129 ::1 10.0.0.1,10.0.0.2 10.0.0.0/255.0.0.0"
    " 10.0.0.0/8.8 1.2.3.4/ /8 10.0.0.1-10.0.0.9 10.0.0.0/-1 10.0.0.1, 010.1.1.1 1.2.3.4.5 fe80::/10 [::1] 1.2.3.4:25",
    "-i": "eth0 eth+ + lo eth0:1 averyveryverylongname sixteen-letters-x fifteen-letters eth0/1 e",
    "--dport": "25 65535 65536 -1 0 0x19 025 25:80 80:25 :80 80: : 25,80 smtp 1:65536 25-80 99999999999 25: 25:25 0:0",
    "--dports": "25 25,80 25:80 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 25,,80 ,25"
    " 25, 80:25 :80 80: 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16 25-80 65536 5:5 smtp",
    "--icmp-type": "8 8/0 echo-request echo 256 8/256 8/ any 255 255/255 ping router parameter-problem -1 3/4 timestamp"
    " 0x8 ECHO-REQUEST /0 8/0/0 destination-unreachable port-unreachable network-unreachable ttl time",
    "--icmpv6-type": "128 128/0 echo-request echo 256 1/256 135 neighbour-solicitation router ping 1/ any bad-header",
    "--ctstate": "NEW new ESTABLISHED,RELATED NEW,BOGUS INVALID UNTRACKED SNAT NEW, ,NEW E DNAT EST",
    "--state": "NEW new ESTABLISHED,RELATED NEW,BOGUS INVALID UNTRACKED SNAT NEW, ,NEW E EST",
    "--limit": "5/second 5/sec 5/s 5/m 5/min 5/minute 5/h 5/day 5/d 0/second 20000/second 5/week 5 -1/s x/s 5/ 10001/s"
    " 5/secondly 1/day 5/hour",
    "--limit-burst": "5 0 -1 10001 10000 4294967296 x 1",
    "--reject-with": "tcp-reset icmp-port-unreachable icmp6-port-unreachable port-unreach icmp-admin-prohibited none tcp"
    " icmp-host icmp6-adm-prohibited net-unreach",
    "-j": "ACCEPT DROP REJECT RETURN LOG accept NONE MARK DNAT REDIRECT QUEUE NFQUEUE MASQUERADE INPUT CT ACEPT"
    " a-chain-name-that-is-too-long-x NOTRACK TCPMSS",
    "-m": "tcp udp state conntrack multiport limit comment icmp icmp6 addrtype mark iprange pkttype recent hl ttl mac"
    " owner physdev connlimit hashlimit string time length sctp",
    "--mark": "1 0x1 0x1/0xff 4294967295 4294967296 -1 x 1/ /1 010",
    "--tcp-flags": "SYN SYN,ACK ALL NONE syn FLAG SYN, ,ACK",
    "--src-type": "LOCAL local UNICAST BOGUS LOCAL,UNICAST LOCAL, MULTICAST BROADCAST",
    "--src-range": "10.0.0.1-10.0.0.9 10.0.0.9-10.0.0.1 10.0.0.1 10.0.0.1- -10.0.0.1 ::1-::2 10.0.0.0/8 10.0.0-10.0.1",
    "--to-ports": "8080 8080-8090 8090-8080 65536 0 x 8080- -8080 8080:8090 http 8080-8090/2",
    "--to-destination": "10.0.0.2 10.0.0.2:25 :25 10.0.0.2:25-30 10.0.0.2-10.0.0.9 10.0.0.2:65536 10.0.0.2: x ::1"
    " [::1]:25 10.0.0.2:30-25 10.0.0.9-10.0.0.2 [2001:db8::1] 2001:db8::1 10.0.0.2:0 10.0.0.2:25-30/5",
    "--hl-eq": "255 256 0 -1 x", "--ttl-eq": "255 256 0 -1 x",
    "--comment": "x " + "c" * 255 + " " + "c" * 256,
    "--log-prefix": "x " + "p" * 29 + " " + "p" * 30 + " " + "p" * 31,
    "--log-level": "4 debug 8 warn -1 x warning",
    "--pkt-type": "unicast host BROADCAST any multicast bcast",
    "--set-mark": "1 0x1/0xff 4294967296 -1 x 1/x",
    "--seconds": "30 0 -1 x 4294967296", "--hitcount": "6 0 255 256 x 65536",
    "--name": "DEFAULT x " + "n" * 199 + " " + "n" * 300,
}  # fmt: skip
_ALIKE = {
    "-d": "-s", "-o": "-i", "--sport": "--dport", "--sports": "--dports", "--ports": "--dports", "-g": "-j",
    "--dst-type": "--src-type", "--dst-range": "--src-range", "--ctorigdstport": "--dport", "--set-xmark": "--set-mark",
    "--ctorigsrc": "-s", "--ctorigdst": "-s",
}  # fmt: skip
_ANY_VALUE = (
    "0 1 2 5 -1 +1 010 08 0x1f 0x 7 8 15 31 32 33 63 64 128 129 255 256 300 1000 10000 10001 65515 65535 65536 4294967295"
    " 4294967296 18446744073709551615 99999999999999999999 1:2 2:1 :5 5: : 1:2:3 1:70000 1-2 1/2 0x1/0xff 1/ /1 1/x x 5x"
    " x5 1.5 0.5 .5 2.0 mark new NEW new,bogus new,destroy a,b , 1,2 1,2,3 10.0.0.1 10.0.0.1/24 10.0.0.300 ::1"
    " 2001:db8::1/64 ffff:: 255.255.0.0 255.0.255.0 00:11:22:33:44:55 0:1:2:3:4:5 00:11:22:33:44 00:11:22:33:44:5g 5/s"
    " 5/sec 5/min 5/week 0/s 5/ 5kb/s 5mb/s 1000001/s 10001/min 5s 5ms 5us 1.5s in out none ipsec both original reply"
    " bytes ASSURED,NONE assured ASS srcip,dstport srcip, src,dst EF ef CS1 AF15 BE Minimize-Delay debug warn panic"
    " Mon,Tue Monday mon Xyz 1,8 1st 12:00 25:00 12:60 1:2:3 2026-01-01 2026-13-01 2026-01-01T10:00 2026 1:a ff:1 accept"
    " random nth bm fsm root 0-5 5-0 tunnel esp 17 INIT,DATA all brr hot 4096 frag,auth prot timestamp mss,5 sourceip"
).split()  # fmt: skip
"""For the options of matches and targets that zimlint does not evaluate."""
_WORDS = (
    "! -p tcp udp --dport 25 -j ACCEPT DROP -m multiport --dports 80,443 -s 10.0.0.0/8 -i eth0 -o eth1 --syn -f -4 -6 foo"
    " -c 1 2 --sport -t filter -w -v -n --line-numbers -x -A -I -D INPUT OUTPUT \"a b\" \" ' \\ - --dp"
    " --dport=25 -ptcp -jDROP --icmp-type --ctstate --state NEW -g -N --destination --proto --jump --limit --reject-with"
    " --protocol --in-interface --src --dst --fragment --ipv4 --set-counters [1:2]"
).split()  # fmt: skip
_LINES = (
    "-A INPUT -j ACCEPT", "-A NOWHERE -j ACCEPT", "-P INPUT DROP", "-P INPUT REJECT", "-P mine DROP", "-N mine",
    "-N INPUT", "-X", "-X mine", "-F", "-F INPUT", "-F NOWHERE", "-Z", "-Z INPUT", "-E mine yours",
    "-I INPUT 1 -j ACCEPT", "-I INPUT 99 -j ACCEPT", "-I INPUT 0 -j ACCEPT", "-D INPUT 1", "-D INPUT 99",
    "-D INPUT -j ACCEPT", "-R INPUT 1 -j DROP", "-R INPUT 99 -j DROP", "-C INPUT -j ACCEPT", ":INPUT DROP [0:0]",
    ":INPUT -", ":INPUT", ":", ":mine DROP [0:0]", ":mine - [0:0]", ":mine -", ":INPUT REJECT [0:0]", ":INPUT ACCEPT",
    ":INPUT ACCEPT [0:0", ":INPUT ACCEPT 0:0", ":INPUT ACCEPT [0:0] x", ":ACCEPT - [0:0]", ":-x - [0:0]", "*", "* filter",
    ":a-chain-name-with-28-letters - [0:0]", ":a-chain-name-of-29-letters--- - [0:0]", ":!x - [0:0]", "*filter",
    "*nat", "*nope", "*filter x", " *filter", "COMMIT", "COMMIT ", " COMMIT", "commit", "COMMIT x", "COMMITS", "# comment",
    " # comment", "", "  ", "\t", "x", "iptables -A INPUT -j ACCEPT", "-A", "-A INPUT", "-A INPUT -j", "[1:2] -A INPUT",
    "[1:2]-A INPUT -j ACCEPT", "[1:2 -A INPUT -j ACCEPT", "[a:b] -A INPUT -j ACCEPT", " -A INPUT -j ACCEPT", "-AINPUT",
    "\t-A INPUT -j ACCEPT", "--append INPUT -j ACCEPT", "-A INPUT -A INPUT -j ACCEPT", "-A INPUT -p tcp --dport 25",
    "-A INPUT --dport 25 -j ACCEPT", "-A INPUT -m tcp --dport 25 -j ACCEPT", "-A INPUT -p udp -m tcp --dport 25",
    "-A INPUT -p tcp -m udp --dport 25", "-A INPUT -p icmp --dport 25", "-A INPUT -p tcp --dport 1 --dport 2 -j ACCEPT",
    "-A INPUT -m multiport --dports 25 -j ACCEPT", "-A INPUT -p icmp -m multiport --dports 25 -j ACCEPT",
    "-A INPUT -p all -m multiport --dports 25 -j ACCEPT", "-A INPUT -j REJECT --reject-with tcp-reset",
    "-A INPUT -p tcp -p udp -j ACCEPT", "-A INPUT ! -p tcp --dport 25 -j ACCEPT", "-A INPUT -o eth0 -j ACCEPT",
    "-A OUTPUT -i eth0 -j ACCEPT", "-A FORWARD -i eth0 -o eth1 -j ACCEPT", "-A INPUT -j INPUT", "-A INPUT -g NOWHERE",
    "-A INPUT ! -j ACCEPT", "-A INPUT -j ! ACCEPT", "-A INPUT -s ! 10.0.0.1 -j ACCEPT", "-A INPUT ! ! -s 10.0.0.1",
    "-A INPUT -j ACCEPT extra", "-A INPUT extra -j ACCEPT", "-A INPUT -m state -j ACCEPT", "-A INPUT -m comment -j ACCEPT",
    "-A INPUT -m limit -j ACCEPT", "-A INPUT -p tcp -m multiport --dports 25 --sports 25 -j ACCEPT", "-A INPUT -j MARK",
    "-A INPUT -m recent --set --update --seconds 3 -j ACCEPT", "-A INPUT -m recent -j ACCEPT", "-A INPUT -m addrtype",
    "-A INPUT -j LOG --log-prefix", "-A INPUT -m hl --hl-eq 255 -j ACCEPT", "-A INPUT -m ttl --ttl-eq 1 -j ACCEPT",
    "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.2 -j ACCEPT", "-A INPUT -p icmp --icmp-type 8 -j ACCEPT",
    "-A INPUT -p ipv6-icmp --icmpv6-type 8 -j ACCEPT", "-A INPUT -p icmp --icmpv6-type 8 -j ACCEPT",
    "-A INPUT -m owner --uid-owner 0 -j ACCEPT", "-A INPUT -f -j ACCEPT", "-A INPUT -p tcp ! --syn -j DROP",
    "-A INPUT -p tcp --syn --syn -j DROP", "-A INPUT -p udp --syn -j DROP", "-A INPUT -p tcp --tcp-flags SYN -j DROP",
    "-A INPUT -m state --state NEW -m state --state NEW -j ACCEPT", "-A INPUT -m tcp -p tcp -m tcp --dport 25 -j ACCEPT",
    "-A INPUT -s 10.0.0.1 -s 10.0.0.2 -j ACCEPT", "-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4 -j ACCEPT",
    "-A INPUT ! -s 10.0.0.1,10.0.0.2 -j ACCEPT", "-A INPUT -j ACCEPT -j DROP", "-A INPUT -j ACCEPT -g mine",
    "-4 -A INPUT -j ACCEPT", "-6 -A INPUT -j ACCEPT", "-A INPUT -6 -s ::1 -j ACCEPT", "-A INPUT -4 -s 10.0.0.1 -j DROP",
    "-A INPUT -p tcp -m tcp --dport 25 -m udp --dport 53 -j ACCEPT", "-A INPUT -p tcp -m comment --comment \"a b\" -j DROP",
    "-A INPUT -p tcp -m comment --comment a b -j DROP", "-A INPUT -p tcp -m comment --comment \"a b -j DROP",
    "-A INPUT -p tcp -m comment --comment 'a b' -j DROP", "-A INPUT -m physdev --physdev-in eth0 -j ACCEPT",
    "-A INPUT -m connlimit --connlimit-above 5 -j DROP", "-A INPUT -m mac --mac-source 00:11:22:33:44:55 -j DROP",
    "-A INPUT -m mac --mac-source 00:11:22 -j DROP", "-A INPUT -m time --timestart 09:00 --timestop 25:00 -j ACCEPT",
    "-A INPUT -m string --string x -j DROP", "-A INPUT -m string --string x --algo bm -j DROP", "-A INPUT -m length",
    "-A INPUT -m length --length 1:70000 -j DROP", "-A INPUT -m statistic --mode random --probability 2 -j DROP",
    "-A INPUT -m hashlimit --hashlimit 5/sec --hashlimit-name x -j DROP", "-A INPUT -m hashlimit --hashlimit 5/sec -j DROP",
    "-A INPUT -p sctp --dport 25 -j DROP", "-A INPUT -p 6 --dport 25 -j DROP", "-A INPUT -p TCP --dport 25 -j DROP",
    "-A INPUT -p udplite -m multiport --dports 25 -j DROP", "-A INPUT -p esp -m esp --espspi 5 -j DROP", "-A INPUT --jump",
)  # fmt: skip
_TABLE_NAMES = ("filter", "nat", "mangle", "raw", "security", "filtre", "FILTER")
_CHAIN_NAMES = ("INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING", "NOWHERE", "input", "ACCEPT", "mine")


def mutate(random: Random, text: str) -> str:
    """The text with one or two changes."""
    lines = text.split("\n")
    for _ in range(random.choice((1, 1, 1, 2))):
        lines = random.choice(_MUTATIONS)(random, lines)
    return "\n".join(lines)


def _rule_lines(lines: Sequence[str]) -> list[int]:
    return [place for place, line in enumerate(lines) if line.startswith(("-A", "-I", "[", ":"))] or [0]


def _on_rule(change: Callable[[Random, list[str]], list[str]]) -> Mutation:
    """A change of the words of one rule line."""

    def mutation(random: Random, lines: list[str]) -> list[str]:
        place = random.choice(_rule_lines(lines))
        words = change(random, lines[place].split(" "))
        return [*lines[:place], " ".join(words), *lines[place + 1 :]]

    return mutation


def _without_word(random: Random, words: list[str]) -> list[str]:
    place = random.randrange(len(words))
    return words[:place] + words[place + 1 :]


def _word_twice(random: Random, words: list[str]) -> list[str]:
    place = random.randrange(len(words))
    return [*words[: place + 1], *words[place:]]


def _words_exchanged(random: Random, words: list[str]) -> list[str]:
    one, other = random.randrange(len(words)), random.randrange(len(words))
    changed = list(words)
    changed[one], changed[other] = words[other], words[one]
    return changed


def _neighbours_exchanged(random: Random, words: list[str]) -> list[str]:
    place = random.randrange(max(len(words) - 1, 1))
    return [*words[:place], *reversed(words[place : place + 2]), *words[place + 2 :]]


def _more_words(random: Random, words: list[str]) -> list[str]:
    place = random.randrange(len(words) + 1)
    return [*words[:place], *random.sample(_WORDS, random.choice((1, 1, 2))), *words[place:]]


def _option_twice(random: Random, words: list[str]) -> list[str]:
    options = [place for place, word in enumerate(words) if word.startswith("-")]
    if not options:
        return words
    place = random.choice(options)
    return [*words, *words[place : place + 2]]


def _other_value(random: Random, words: list[str]) -> list[str]:
    places = [place for place, word in enumerate(words[:-1]) if word in _VALUES or word in _ALIKE]
    if not places:
        return _more_words(random, words)
    place = random.choice(places)
    values = _VALUES[_ALIKE.get(words[place], words[place])].split()
    return [*words[: place + 1], random.choice(values), *words[place + 2 :]]


def _any_value(random: Random, words: list[str]) -> list[str]:
    places = [place for place, word in enumerate(words[:-1]) if word.startswith("--") and words[place + 1][:1] != "-"]
    if not places:
        return _more_words(random, words)
    place = random.choice(places)
    return [*words[: place + 1], random.choice(_ANY_VALUE), *words[place + 2 :]]


def _more_options(random: Random, words: list[str]) -> list[str]:
    option = random.choice([*_VALUES, *_ALIKE])
    value = random.choice(_VALUES[_ALIKE.get(option, option)].split())
    place = random.choice([len(words), min(2, len(words))])
    return [*words[:place], option, value, *words[place:]]


def _number_changed(random: Random, words: list[str]) -> list[str]:
    text = " ".join(words)
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return words
    found = random.choice(numbers)
    value = int(found[0])
    other = random.choice(
        [str(value + 1), str(value - 1), "0", "65536", "65535", "256", "-1", "", f"0{value}", "99999999999"]
    )
    return (text[: found.start()] + other + text[found.end() :]).split(" ")


def _letter_gone(random: Random, words: list[str]) -> list[str]:
    text = " ".join(words)
    place = random.randrange(max(len(text), 1))
    return (text[:place] + text[place + 1 :]).split(" ")


def _cut(random: Random, words: list[str]) -> list[str]:
    text = " ".join(words)
    return text[: random.randrange(len(text) + 1)].split(" ")


def _other_chain(random: Random, words: list[str]) -> list[str]:
    name = random.choice(_CHAIN_NAMES)
    if words[0].startswith(":"):
        return [f":{name}", *words[1:]]
    return [words[0], name, *words[2:]]


def _other_command(random: Random, words: list[str]) -> list[str]:
    command = random.choice(("-I", "-D", "-R", "-C", "-N", "-F", "-X", "-P", "-Z", "-a", "A", "--append"))
    return [command, *words[1:]]


def _negated(random: Random, words: list[str]) -> list[str]:
    options = [place for place, word in enumerate(words) if word.startswith("-")]
    place = random.choice(options or [0])
    return [*words[:place], "!", *words[place:]]


def _without_line(random: Random, lines: list[str]) -> list[str]:
    place = random.randrange(len(lines))
    return lines[:place] + lines[place + 1 :]


def _line_twice(random: Random, lines: list[str]) -> list[str]:
    place = random.randrange(len(lines))
    return [*lines[: place + 1], *lines[place:]]


def _line_moved(random: Random, lines: list[str]) -> list[str]:
    left = list(lines)
    line = left.pop(random.randrange(len(left)))
    left.insert(random.randrange(len(left) + 1), line)
    return left


def _more_lines(random: Random, lines: list[str]) -> list[str]:
    place = random.randrange(len(lines) + 1)
    return [*lines[:place], random.choice(_LINES), *lines[place:]]


def _without_commit(random: Random, lines: list[str]) -> list[str]:
    commits = [place for place, line in enumerate(lines) if line == "COMMIT"]
    place = random.choice(commits or [0])
    return lines[:place] + lines[place + 1 :]


def _carriage_returns(random: Random, lines: list[str]) -> list[str]:
    if random.random() < 0.3:
        return [f"{line}\r" for line in lines[:-1]] + lines[-1:]
    place = random.randrange(len(lines))
    return [*lines[:place], lines[place] + "\r", *lines[place + 1 :]]


def _no_last_newline(_random: Random, lines: list[str]) -> list[str]:
    left = list(lines)
    while left and not left[-1]:
        left.pop()
    return left or [""]


def _other_table(random: Random, lines: list[str]) -> list[str]:
    heads = [place for place, line in enumerate(lines) if line.startswith("*")]
    place = random.choice(heads or [0])
    return [*lines[:place], f"*{random.choice(_TABLE_NAMES)}", *lines[place + 1 :]]


def _blanks(random: Random, lines: list[str]) -> list[str]:
    place = random.randrange(len(lines))
    line = lines[place]
    changed = random.choice((f" {line}", f"{line} ", f"\t{line}", line.replace(" ", "  "), line.replace(" ", "\t")))
    return [*lines[:place], changed, *lines[place + 1 :]]


_ON_WORDS = (
    _without_word, _without_word, _word_twice, _words_exchanged, _neighbours_exchanged, _more_words, _option_twice,
    _other_value, _other_value, _other_value, _other_value, _any_value, _any_value, _more_options, _more_options, _number_changed,
    _number_changed, _letter_gone, _cut, _other_chain, _other_command, _negated,
)  # fmt: skip
_MUTATIONS: tuple[Mutation, ...] = (
    *map(_on_rule, _ON_WORDS), _without_line, _line_twice, _line_moved, _more_lines, _more_lines, _more_lines,
    _without_commit, _carriage_returns, _no_last_newline, _other_table, _blanks,
)  # fmt: skip
