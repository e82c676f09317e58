"""The real ufw on a private copy of its files, in namespaces of its own: what does the kernel hold afterwards?

Neither the machine's /etc nor its packet filter is ever touched: the copies are bind-mounted in a private mount
namespace, the commands run in a private network namespace, and a second one is started afresh from the files they
leave, as a boot would.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zimlint.packets import Family

STOCK_DEFAULT_UFW = """\
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=
IPT_MODULES=""
"""
_STOCK = Path("/usr/share/ufw")
STOCK_RULES = _STOCK / "iptables"
"""The rules files of the package."""
_SAVE = {Family.IPV4: "iptables-save", Family.IPV6: "ip6tables-save"}
_TOOLS = ("unshare", "mount", "ip", "ufw", "iptables-restore", "ip6tables-restore", *_SAVE.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """``etc`` is the copy that the commands worked on; the dumps are of the running and of a freshly booted kernel."""

    etc: Path
    running: Mapping[Family, str]
    booted: Mapping[Family, str]
    output: str


def missing() -> str | None:
    """One line on why the sandbox cannot run here, None if it can."""
    if os.geteuid() != 0:
        return "needs root to make namespaces"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if not (_STOCK / "iptables" / "before.rules").exists():
        return f"{_STOCK}/iptables, the stock rules of the ufw package, is not there"
    probe = "ip link set lo up && mount -t tmpfs none /mnt && iptables-save && ip6tables -L INPUT -n"
    result = subprocess.run(["unshare", "-m", "-n", "sh", "-c", probe], capture_output=True, text=True, check=False)
    return None if result.returncode == 0 else f"no namespaces here: {(result.stderr or 'unshare failed').strip()}"


def run_ufw(directory: Path, commands: Sequence[str], edits: Mapping[str, str] | None = None) -> Outcome:
    """Run shell commands on a stock ufw, then boot what they leave.

    ``edits`` are files to write first, by their path below /etc (``ufw/before.rules``, ``default/ufw``).
    """
    etc = directory / "etc"
    _lay_out(etc, edits or {})
    script = [
        "set -u",
        f"mount --bind {_quoted(etc / 'ufw')} /etc/ufw",
        f"mount --bind {_quoted(etc / 'default')} /etc/default",
        "mount -t tmpfs none /run",  # the locks of ufw and iptables
        "ip link set lo up",
        *commands,
        *_dump(directory, "running"),
        "unshare -n sh -c "
        + shlex.quote("; ".join(["ip link set lo up", "/lib/ufw/ufw-init start", *_dump(directory, "booted")])),
        "true",
    ]
    result = subprocess.run(
        ["unshare", "-m", "-n", "sh", "-c", "\n".join(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=120,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return Outcome(etc, _dumps(directory, "running"), _dumps(directory, "booted"), result.stdout)


def _lay_out(etc: Path, edits: Mapping[str, str]) -> None:
    ufw = etc / "ufw"
    (ufw / "applications.d").mkdir(parents=True)
    for rules in (_STOCK / "iptables").glob("*.rules"):
        shutil.copy(rules, ufw)
    for name in ("before.init", "after.init", "ufw.conf"):
        shutil.copy(_STOCK / name, ufw)
    (ufw / "sysctl.conf").write_text("")
    (etc / "default").mkdir()
    (etc / "default" / "ufw").write_text(STOCK_DEFAULT_UFW)
    for path, text in edits.items():
        (etc / path).write_bytes(text.encode())


def _dump(directory: Path, state: str) -> list[str]:
    return [f"{tool} > {_quoted(directory / f'{state}.{family.value}')}" for family, tool in _SAVE.items()]


def _dumps(directory: Path, state: str) -> dict[Family, str]:
    return {family: (directory / f"{state}.{family.value}").read_text() for family in _SAVE}


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
