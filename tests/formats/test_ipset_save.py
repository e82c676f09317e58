"""``ipset save``: text in, sets out."""

from __future__ import annotations

from zimlint.formats.ipset_save import read_ipset_save
from zimlint.packets import Family
from zimlint.source import Source


def _read(text: str) -> tuple[dict[str, tuple[str, Family, tuple[tuple[str, bool], ...]]], list[str]]:
    sets, problems = read_ipset_save(Source("ipset.rules", text))
    return {one.name: (one.kind, one.family, one.entries) for one in sets}, [problem.message for problem in problems]


def test_sets_have_their_entries_and_exceptions() -> None:
    sets, problems = _read(
        "create blocked hash:net family inet hashsize 1024 maxelem 65536\n"
        "add blocked 192.0.2.0/24\n"
        "add blocked 192.0.2.7 timeout 60 nomatch\n"
        'create six hash:ip,port family inet6 hashsize 64 comment\nadd six 2001:db8::1,tcp:25 comment "nomatch me"\n'
    )
    assert not problems
    assert sets["blocked"] == ("hash:net", Family.IPV4, (("192.0.2.0/24", False), ("192.0.2.7", True)))
    assert sets["six"] == ("hash:ip,port", Family.IPV6, (("2001:db8::1,tcp:25", False),))


def test_what_ipset_refuses_is_said_in_its_words() -> None:
    sets, problems = _read(
        "add x 192.0.2.1\ncreate a hash:foo\ncreate b hash:ip\ncreate b hash:ip\nfoo\nadd b 1.2.3.4\n"
    )
    assert problems == [
        "Error in line 1: The set with the given name does not exist",
        "Error in line 2: Syntax error: typename 'hash:foo' is unknown",
        "Error in line 4: Set cannot be created: set with the same name already exists",
        "Error in line 5: No command specified: unknown argument foo",
    ]
    assert sets["b"][2] == (("1.2.3.4", False),)


def test_commands_are_obeyed_in_order() -> None:
    sets, problems = _read(
        "-N a iphash\nadd a 192.0.2.1\nadd -exist a 192.0.2.1\nadd a 192.0.2.2\ndel a 192.0.2.1\n# end\n"
    )
    assert not problems
    assert sets["a"] == ("hash:ip", Family.IPV4, (("192.0.2.2", False),))
