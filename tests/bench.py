"""How long zimlint takes, beside ``python -c pass`` and ``iptables-restore --test``. Not a test; run it by hand:

    python -m venv /tmp/bench && /tmp/bench/bin/pip install .
    python tests/bench.py /tmp/bench/bin/zimlint

A clean venv, because the byte code is then cached and no development tool lies beside lark. The comparison with
iptables-restore needs root and is left out without it; it runs in a network namespace of its own.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

HOSTS = Path(__file__).resolve().parent.parent / "fixtures" / "hosts"
RUNS = 9


class Timing(NamedTuple):
    """Medians of whole processes: seconds by the wall, and the greatest size in KiB of any process so far."""

    seconds: float
    peak: int


def run(command: Sequence[str], runs: int = RUNS) -> Timing:
    """The command, some times in a row, after once that is not counted."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for _ in range(runs + 1):
        before = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        taken.append(time.perf_counter() - before)
    return Timing(median(taken[1:]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def address(chance: random.Random) -> str:
    """Any address that a packet may come from."""
    return f"{chance.randrange(1, 223)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def network_open(chance: random.Random) -> str:
    """A line that opens a port to a random network."""
    return f"-A INPUT -s {address(chance).rpartition('.')[0]}.0/24 -p tcp -m tcp --dport 25 -j ACCEPT"


def ban(chance: random.Random) -> str:
    """A line of a ban list."""
    return f"-A INPUT -s {address(chance)}/32 -j DROP"


def mixed(chance: random.Random) -> str:
    """A line as many programs write them into one dump."""
    source, port = f"-A INPUT -s {address(chance)}/32", chance.randrange(1, 65535)
    return chance.choice((
        f"{source} -j DROP",
        f"{source} -p tcp -m tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable",
        f"{source} -i eth0 -p tcp -m tcp --dport {port} -j DROP",
        f"{source} -p tcp -m multiport --dports 25,465,587 -j DROP",
        f'{source} -p udp -m udp --dport {port} -m comment --comment "ban {port}" -j DROP',
        f"{source} -m conntrack --ctstate NEW -j DROP",
        f"{source} -d 192.0.2.1/32 -p tcp -m tcp --dport 443 -j DROP",
        f'-A FORWARD -s {address(chance)}/32 -o eth1 -j LOG --log-prefix "seen {port} "',
    ))  # fmt: skip


def dump(folder: str, name: str, line: Callable[[random.Random], str], count: int) -> str:
    """A dump of many lines, the same in every run."""
    chance = random.Random(1)
    head = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines: Iterable[str] = (*head, *(line(chance) for _ in range(count)), "COMMIT", "")
    path = Path(folder, f"{name}.v4")
    path.write_text("\n".join(lines), encoding="ascii")
    return str(path)


def main(zimlint: str) -> None:
    """Print everything."""
    python = Path(zimlint).with_name("python")
    start = run([str(python), "-c", "pass"])
    print(f"python -c pass: {start.seconds * 1000:.1f} ms\n\nhosts, and as multiples of that")
    trees = [HOSTS / "single-correct" / "etc" / "ufw"]
    for word in ("--version", *trees, *(path for path in sorted(HOSTS.iterdir()) if path.is_dir())):
        seconds = run([zimlint, str(word)]).seconds
        name = os.path.relpath(word, HOSTS) if isinstance(word, Path) else word
        print(f"  {name:24} {seconds * 1000:7.1f} ms {seconds / start.seconds:6.1f}")
    with tempfile.TemporaryDirectory() as folder:
        print("\nlong dumps")
        for name, line, count in (("networks", network_open, 2000), ("bans", ban, 10_000)):
            print(f"  {count:6} {name:10} {run([zimlint, dump(folder, name, line, count)]).seconds:6.2f} s")
        real = ["unshare", "-n", "iptables-restore", "--test"]
        for name, line in (("bans", ban), ("mixed", mixed)):
            path = dump(folder, name, line, 100_000)
            ours = run([zimlint, path], 3)
            beside = ""
            if os.geteuid() == 0 and shutil.which(real[0]) and shutil.which(real[2]):
                theirs = run([*real, path], 3).seconds
                beside = f", iptables-restore --test {theirs:.2f} s, ratio {ours.seconds / theirs:.1f}"
            bytes_a_line = ours.peak * 1024 / 100_000
            print(f"  100000 {name:10} {ours.seconds:6.2f} s, at most {bytes_a_line:.0f} bytes a line{beside}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
