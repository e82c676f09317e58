"""The smallest inputs of what fuzzing found."""

from __future__ import annotations

import pytest

from tests.fuzz.entries import entries
from tests.fuzz.execute import execute

FOUND = {
    "a chain's name that is no UTF-8": ("format iptables-save", b"*filter\n:IN\xb1 - [0:0]\nCOMMIT\n"),
    "an interface's name that is no UTF-8": (
        "format iptables-save",
        b"*filter\n:INPUT DROP [0:0]\n-A INPUT -i et\xb1 -j ACCEPT\nCOMMIT\n",
    ),
    "a word that is no UTF-8": (
        "format iptables-save",
        b'*filter\n:INPUT DROP [0:0]\n-A INPUT -m comment --comment "\xb1" -j ACCEPT\nCOMMIT\n',
    ),
    "a port of many digits that is none": (
        "format ufw-commands",
        b"ufw default deny\nufw allow %s\xb9/tcp\n" % (b"9" * 60),
    ),
    "a baseline's check with a control character": (
        "baseline file",
        b'\n{"schema": "zimlint-baseline/1", "findings": [{"fingerprint": "1a2e936d34e97cf87b4c5fef8f'
        b'3b", "check": "admin-console-exp\x7fsed", "file": "rules.v4", "message": "admin console 7071/'
        b'tcp accepts 203.0.113.9"}]}',
    ),
    "a protocol's number of more digits than Python reads": (
        "packet words",
        b"9" * 5000 + b" 203.0.113.9 -> host",
    ),
}
"""What it is, the entry, and the input."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(name: str) -> None:
    entry, data = FOUND[name]
    assert execute(entries()[entry], data).faults == ()
