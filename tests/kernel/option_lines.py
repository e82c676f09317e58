"""A line for each match and target of iptables 1.8.9, with all of its options that the kernel here takes.

Left out is what needs more than the line: accounting objects, rate estimators, sets, policies, extensions that no kernel
has any more.
Invariant: data only; each line loads, the word before it is its table.
"""

# ruff: noqa: E501 - lines as they would stand in a dump

from __future__ import annotations

from zimlint.packets import Family

_IPV4 = """
filter -A INPUT -m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT
filter -A INPUT -p ah -m ah --ahspi 500 -j ACCEPT
filter -A INPUT -m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0" -j ACCEPT
filter -A INPUT -m cgroup --cgroup 1 -j ACCEPT
filter -A INPUT -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 3 -j ACCEPT
filter -A INPUT -m cluster --cluster-total-nodes 2 --cluster-local-nodemask 1 --cluster-hash-seed 3 -j ACCEPT
filter -A INPUT -m comment --comment mail -j ACCEPT
filter -A INPUT -m connbytes --connbytes 10:20 --connbytes-dir both --connbytes-mode bytes -j ACCEPT
filter -A INPUT -m connlabel --label 5 --set -j ACCEPT
filter -A INPUT -m connlimit --connlimit-upto 5 --connlimit-mask 24 --connlimit-saddr -j ACCEPT
filter -A INPUT -m connlimit --connlimit-above 5 --connlimit-daddr -j ACCEPT
filter -A INPUT -m connmark --mark 1/3 -j ACCEPT
filter -A INPUT -m conntrack --ctreplsrc 10.0.0.0/8 --ctrepldst 10.0.0.1 --ctreplsrcport 1:5 --ctrepldstport 25 -j ACCEPT
filter -A INPUT -m conntrack --ctstatus ASSURED --ctexpire 10:20 --ctdir REPLY -j ACCEPT
filter -A INPUT -m cpu --cpu 0 -j ACCEPT
filter -A INPUT -p dccp -m dccp --dport 25 --dccp-types REQUEST,DATA --dccp-option 5 -j ACCEPT
filter -A INPUT -m devgroup --src-group 1/3 -j ACCEPT
filter -A FORWARD -m devgroup --dst-group 1 -j ACCEPT
filter -A INPUT -m dscp --dscp 5 -j ACCEPT
filter -A INPUT -m dscp --dscp-class EF -j ACCEPT
filter -A INPUT -p tcp -m ecn --ecn-tcp-cwr --ecn-ip-ect 1 -j ACCEPT
filter -A INPUT -p tcp -m ecn --ecn-tcp-ece -j ACCEPT
filter -A INPUT -p esp -m esp --espspi 5:6 -j ACCEPT
filter -A INPUT -m hashlimit --hashlimit-upto 5/min --hashlimit-burst 5 --hashlimit-mode srcip,dstport --hashlimit-name x --hashlimit-srcmask 24 --hashlimit-dstmask 24 --hashlimit-htable-size 100 --hashlimit-htable-max 100 --hashlimit-htable-gcinterval 10 --hashlimit-htable-expire 1000 -j ACCEPT
filter -A INPUT -m hashlimit --hashlimit-above 5kb/s --hashlimit-name y --hashlimit-rate-match --hashlimit-rate-interval 5 -j ACCEPT
filter -A INPUT -m helper --helper ftp -j ACCEPT
filter -A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
filter -A INPUT -p ipcomp -m ipcomp --ipcompspi 5 --compres -j ACCEPT
filter -A INPUT -m iprange --src-range 10.0.0.1-10.0.0.2 --dst-range 10.0.0.1 -j ACCEPT
filter -A INPUT -m length --length 1:500 -j ACCEPT
filter -A INPUT -m limit --limit 5/min --limit-burst 5 -j ACCEPT
filter -A INPUT -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT
filter -A INPUT -m mark --mark 1/3 -j ACCEPT
filter -A INPUT -p tcp -m osf --genre Linux --ttl 1 --log 1 -j ACCEPT
filter -A OUTPUT -m owner --uid-owner 0 --gid-owner 5-9 --suppl-groups -j ACCEPT
filter -A OUTPUT -m owner --socket-exists -j ACCEPT
filter -A FORWARD -m physdev --physdev-in eth0 --physdev-out eth1 --physdev-is-in --physdev-is-out --physdev-is-bridged -j ACCEPT
filter -A INPUT -m pkttype --pkt-type unicast -j ACCEPT
filter -A INPUT -m policy --dir in --pol ipsec --strict --reqid 1 --spi 5 --proto esp --mode tunnel --tunnel-src 10.0.0.1 --tunnel-dst 10.0.0.2 --next --reqid 2 -j ACCEPT
filter -A INPUT -m policy --dir in --pol none -j ACCEPT
filter -A INPUT -m quota --quota 500 -j ACCEPT
filter -A INPUT -m realm --realm 5/7 -j ACCEPT
filter -A INPUT -m recent --rcheck --seconds 5 --reap --hitcount 3 --rttl --name x --rsource --mask 255.255.255.0 -j ACCEPT
filter -A INPUT -m recent --set --name y --rdest -j ACCEPT
filter -A INPUT -m recent --update --name y -j ACCEPT
filter -A INPUT -m recent --remove -j ACCEPT
raw -A PREROUTING -m rpfilter --loose --validmark --accept-local --invert -j ACCEPT
filter -A INPUT -p sctp -m sctp --dport 25 --chunk-types any INIT,DATA -j ACCEPT
filter -A INPUT -m socket --transparent --nowildcard --restore-skmark -j ACCEPT
filter -A INPUT -m state --state NEW -j ACCEPT
filter -A INPUT -m statistic --mode random --probability 0.5 -j ACCEPT
filter -A INPUT -m statistic --mode nth --every 3 --packet 0 -j ACCEPT
filter -A INPUT -m string --string x --algo bm --from 1 --to 100 --icase -j ACCEPT
filter -A INPUT -m string --hex-string |0a0b|x --algo kmp -j ACCEPT
filter -A INPUT -p tcp -m tcp --dport 25 --tcp-flags SYN,ACK SYN --tcp-option 5 -j ACCEPT
filter -A INPUT -p tcp -m tcpmss --mss 1:500 -j ACCEPT
filter -A INPUT -m time --datestart 2026-01-01 --datestop 2026-12-31T10:00:00 --timestart 08:00 --timestop 18:00:30 --weekdays Mon,Tue --monthdays 1,2 --kerneltz -j ACCEPT
filter -A INPUT -m time --timestart 08:00 --timestop 06:00 --weekdays 1,2 --utc -j ACCEPT
filter -A INPUT -m tos --tos 0x10/0x3f -j ACCEPT
filter -A INPUT -m ttl --ttl-eq 64 -j ACCEPT
filter -A INPUT -m ttl --ttl-lt 64 -j ACCEPT
filter -A INPUT -m ttl --ttl-gt 64 -j ACCEPT
filter -A INPUT -m u32 --u32 "6&0xFF=1" -j ACCEPT
filter -A INPUT -p udp -m udp --dport 25:30 -j ACCEPT
filter -A INPUT -j AUDIT --type accept
mangle -A POSTROUTING -j CHECKSUM --checksum-fill
mangle -A POSTROUTING -j CLASSIFY --set-class 1:2
mangle -A PREROUTING -j CONNMARK --set-xmark 1/3
mangle -A PREROUTING -j CONNMARK --save-mark --nfmask 1 --ctmask 3
mangle -A PREROUTING -j CONNMARK --restore-mark --mask 3
mangle -A PREROUTING -j CONNMARK --restore-mark --left-shift-mark 3
raw -A PREROUTING -j CT --zone 5 --ctevents new,destroy --expevents new
raw -A PREROUTING -j CT --zone-orig mark --zone-reply 7
raw -A PREROUTING -p tcp -j CT --helper ftp
raw -A PREROUTING -j CT --notrack
nat -A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.1:25 --random --persistent
mangle -A PREROUTING -j DSCP --set-dscp 5
mangle -A PREROUTING -j DSCP --set-dscp-class EF
mangle -A PREROUTING -p tcp -j ECN --ecn-tcp-remove
mangle -A PREROUTING -j ECN --ecn-ip-ect 1
mangle -A PREROUTING -j HMARK --hmark-tuple src,dst --hmark-mod 3 --hmark-rnd 0xcafe --hmark-offset 5
mangle -A PREROUTING -p tcp -j HMARK --hmark-tuple src,sport,ct --hmark-mod 3 --hmark-rnd 0xcafe
filter -A INPUT -j IDLETIMER --timeout 5 --label mail
filter -A INPUT -j LOG --log-level 4 --log-prefix x --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode
mangle -A PREROUTING -j MARK --set-xmark 1/3
mangle -A PREROUTING -j MARK --and-mark 3
nat -A POSTROUTING -p tcp -j MASQUERADE --to-ports 25-30 --random --random-fully
nat -A PREROUTING -j NETMAP --to 10.0.0.0/24
filter -A INPUT -j NFLOG --nflog-group 5 --nflog-prefix x --nflog-size 5 --nflog-threshold 5
filter -A INPUT -j NFLOG --nflog-range 5
filter -A INPUT -j NFQUEUE --queue-num 5 --queue-bypass
filter -A INPUT -j NFQUEUE --queue-balance 5:6 --queue-cpu-fanout
raw -A PREROUTING -j NOTRACK
mangle -A PREROUTING -j RATEEST --rateest-name x --rateest-interval 250ms --rateest-ewmalog 0.5s
nat -A PREROUTING -p tcp -j REDIRECT --to-ports 25 --random
filter -A INPUT -j REJECT --reject-with icmp-port-unreachable
nat -A POSTROUTING -p tcp -j SNAT --to-source 10.0.0.1:25 --random --random-fully --persistent
filter -A INPUT -p tcp -m tcp --syn -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn
mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 1400
mangle -A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu
mangle -A PREROUTING -p tcp -j TCPOPTSTRIP --strip-options timestamp,5
mangle -A PREROUTING -j TEE --gateway 10.0.0.1 --oif eth0
mangle -A PREROUTING -j TOS --set-tos 0x10/0x3f
mangle -A PREROUTING -j TOS --and-tos 3
mangle -A PREROUTING -p tcp -j TPROXY --on-port 25 --on-ip 127.0.0.1 --tproxy-mark 1/3
raw -A PREROUTING -j TRACE
mangle -A PREROUTING -j TTL --ttl-set 64
mangle -A PREROUTING -j TTL --ttl-dec 1
mangle -A PREROUTING -j TTL --ttl-inc 1
"""

_IPV6 = """
filter -A INPUT -p ah -m ah --ahspi 500 --ahlen 5 --ahres -j ACCEPT
filter -A INPUT -m dst --dst-len 8 --dst-opts 1:2,3 -j ACCEPT
filter -A INPUT -m eui64 -j ACCEPT
filter -A INPUT -m frag --fragid 5:6 --fraglen 5 --fragres --fragfirst --fragmore -j ACCEPT
filter -A INPUT -m frag --fragid 5 --fraglast -j ACCEPT
filter -A INPUT -m hbh --hbh-len 8 --hbh-opts 1:2,3 -j ACCEPT
filter -A INPUT -m hl --hl-eq 64 -j ACCEPT
filter -A INPUT -m hl --hl-lt 64 -j ACCEPT
filter -A INPUT -m hl --hl-gt 64 -j ACCEPT
filter -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
filter -A INPUT -m ipv6header --header frag,auth --soft -j ACCEPT
filter -A INPUT -p ipv6-mh -m mh --mh-type 1:3 -j ACCEPT
filter -A INPUT -m rt --rt-type 0 --rt-segsleft 1:2 --rt-len 5 --rt-0-res --rt-0-addrs 2001:db8::1 --rt-0-not-strict -j ACCEPT
filter -A INPUT -m srh --srh-next-hdr 17 --srh-hdr-len-eq 8 --srh-segs-left-gt 1 --srh-last-entry-lt 4 --srh-tag 5 --srh-psid 2001:db8::1 --srh-nsid 2001:db8::1 --srh-lsid 2001:db8::1/64 -j ACCEPT
mangle -A POSTROUTING -j SNPT --src-pfx 2001:db8:1::/64 --dst-pfx 2001:db8:2::/64
mangle -A PREROUTING -j DNPT --src-pfx 2001:db8:1::/64 --dst-pfx 2001:db8:2::/64
mangle -A PREROUTING -j HL --hl-set 64
mangle -A PREROUTING -j HL --hl-dec 1
mangle -A PREROUTING -j HL --hl-inc 1
mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 1400
nat -A PREROUTING -p tcp -j DNAT --to-destination [2001:db8::1]:25 --random --persistent
nat -A PREROUTING -j NETMAP --to 2001:db8::/64
mangle -A PREROUTING -j TEE --gateway 2001:db8::1 --oif eth0
mangle -A PREROUTING -p tcp -j TPROXY --on-port 25 --on-ip ::1 --tproxy-mark 1/3
filter -A INPUT -m recent --set --name y --mask ffff:: -j ACCEPT
filter -A INPUT -m policy --dir in --pol ipsec --tunnel-src 2001:db8::1 --mode tunnel -j ACCEPT
filter -A INPUT -j REJECT --reject-with icmp6-port-unreachable
"""


def option_files() -> tuple[tuple[Family, str], ...]:
    """A rule file for each line."""
    return tuple(
        (family, f"*{table}\n{line}\nCOMMIT\n")
        for family, text in ((Family.IPV4, _IPV4), (Family.IPV6, _IPV6))
        for table, _, line in (entry.partition(" ") for entry in text.strip().split("\n"))
    )
