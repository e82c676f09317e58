"""What makes a finding the same finding in another run: a hash of what it says, never of where in the file it stands.

Of it: the check, the host, the file, the ports, sources and families, and the text of the line; and which of several it
is that are equal in all of these. Lines that come and go elsewhere, comments and counters change nothing.
Invariant: no two findings of one run have the same fingerprint.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from zimlint.finding import Finding, Unread
from zimlint.source import Source

_VERSION = "1"
"""Part of every hash: to be raised where the same finding would get another one."""
_LENGTH = 32
_COUNTERS = re.compile(r"\[\d+:\d+\]|^\[ *\d+\]")  # iptables-save -c, and the row's number in `ufw status numbered`


def fingerprints(findings: Sequence[Finding], here: str, base: str = "") -> list[str]:
    """One for each finding; paths are told from ``base``, or from ``here``, where the run was."""
    lines: dict[Source, list[str]] = {}
    seen: dict[tuple[str, ...], int] = {}
    found: list[str] = []
    for finding in findings:
        source = finding.span.source
        if source not in lines:
            lines[source] = source.text.split("\n")
        text = lines[source][finding.span.line - 1 : finding.span.line]
        key = (
            finding.check,
            finding.host.rpartition("/")[2],  # the folder before it is only there beside another host of its name
            path_from(source.name, here, base),
            " ".join(finding.ports),
            " ".join(finding.sources),
            " ".join(family.value for family in finding.families),
            " ".join(_COUNTERS.sub("", text[0] if text else "").split()),
        )
        seen[key] = seen.get(key, 0) + 1
        found.append(_hash(*key, str(seen[key])))
    return found


def unread_fingerprint(unread: Unread, base: str) -> str:
    """The same for an input that could not be read, for formats that know findings only."""
    return _hash("unread", path_from(unread.file, base), unread.reason)


def path_from(name: str, here: str, base: str = "") -> str:
    """A file's path as seen from ``base``, or from ``here``, where it was named; standard input stays ``-``."""
    if name == "-" or not here:
        return name
    return os.path.relpath(os.path.join(here, name), base or here).replace(os.sep, "/")


def _hash(*parts: str) -> str:
    from hashlib import sha256  # loads OpenSSL, which most runs do not need

    text = "\0".join((_VERSION, *parts))
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_LENGTH]
