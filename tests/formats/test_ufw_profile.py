"""Application profiles: what ``ufw app list`` would show, and why not, in ufw's words."""

from __future__ import annotations

import json

import pytest

from tests.corpus import corpus_files
from tests.formats.ufw_shapes import ufw_profile_shapes
from zimlint.assets import asset_json
from zimlint.formats.lines import parse_with_lark
from zimlint.formats.ufw_profile import is_passed_over, read_profile_folder, read_ufw_profiles
from zimlint.host import AppProfile
from zimlint.model import Problem
from zimlint.packets import ALL_PORTS
from zimlint.source import Source

ARTICLE = "25,80,110,143,443,465,587,993,995,3443,5222,5223,7071,9071"
FIFTEEN = ",".join(map(str, range(1, 16)))


def read(text: str) -> tuple[tuple[AppProfile, ...], tuple[Problem, ...]]:
    return read_ufw_profiles(Source("applications.d/zimbra", text))


def section(name: str = "Zimbra", ports: str = "25/tcp") -> str:
    return f"[{name}]\ntitle=Zimbra\ndescription=mail server\nports={ports}\n"


def told(text: str) -> list[tuple[str, int]]:
    _, problems = read(text)
    assert {problem.check for problem in problems} <= {"profile-invalid", "profile-duplicate"}
    return [(problem.message, problem.span.line) for problem in problems]


def test_the_article_as_printed() -> None:
    text = f"[Zimbra]\ntitle = Zimbra\ndescription = mail server\nports = {ARTICLE} / tcp\n"
    assert told(text) == [("Invalid ports in profile 'Zimbra'", 4)]
    profiles, problems = read(text.replace(" / ", "/"))
    assert not problems
    assert (profiles[0].name, profiles[0].title, profiles[0].span.line, profiles[0].ports_span.line) == (
        "Zimbra", "Zimbra", 1, 4,
    )  # fmt: skip
    assert [(part.ports.size(), part.protocol) for part in profiles[0].ports] == [(14, "tcp")]


@pytest.mark.parametrize(
    ("ports", "parts"),
    [
        ("25", [([(25, 25)], None)]),
        ("25/any", [([(25, 25)], None)]),
        ("025/tcp", [([(25, 25)], "tcp")]),
        ("25,465/tcp|53|7025:7047/udp", [([(25, 25), (465, 465)], "tcp"), ([(53, 53)], None), ([(7025, 7047)], "udp")]),
        ("25,25/tcp", [([(25, 25)], "tcp")]),
        ("smtp,imaps/tcp", [([(25, 25), (993, 993)], "tcp")]),
        ("domain", [([(53, 53)], None)]),
        (f"{FIFTEEN}/tcp", [([(1, 15)], "tcp")]),
        ("1:2,4:5,7:8,10:11,13:14,16:17,19:20,22/tcp",
         [([(1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (19, 20), (22, 22)], "tcp")]),
        ("25\n  ,26/tcp", [([(25, 26)], "tcp")]),
    ],
)  # fmt: skip
def test_ports_that_ufw_takes(ports: str, parts: list[tuple[list[tuple[int, int]], str | None]]) -> None:
    profiles, problems = read(section(ports=ports))
    assert not problems
    assert [(list(part.ports.ranges), part.protocol) for part in profiles[0].ports] == parts


@pytest.mark.parametrize(("ports", "protocol"), [("any", None), ("any/any", None), ("any/tcp", "tcp")])
def test_any_is_every_port(ports: str, protocol: str | None) -> None:
    part = read(section(ports=ports))[0][0].ports[0]
    assert (part.ports, part.protocol) == (ALL_PORTS, protocol)


@pytest.mark.parametrize(
    "ports",
    [
        "25/tcp | 465/tcp", "25, 465/tcp", "25 /tcp", "25/tcp # smtp", "7025-7047/tcp", "7047:7025/tcp", "25:25/tcp",
        "25:26", "25,26", "25,26/any", "0/tcp", "65536/tcp", f"{FIFTEEN},16/tcp", "25/TCP", "25/esp", "25/", "/tcp",
        "25/tcp/udp", "25/tcp|", "|25/tcp", "25,/tcp", ",25/tcp", ":25/tcp", "25:/tcp", "25:26:27/tcp", "any,25/tcp",
        "nosuchservice/tcp", "SMTP/tcp", "x/tcp", "smtp:imap/tcp", "8o", "25/tcp\n  |26/tcp", "-25/tcp", "+25/tcp",
        "1:2,4:5,7:8,10:11,13:14,16:17,19:20,22:23/tcp",
    ],
)  # fmt: skip
def test_ports_that_ufw_refuses(ports: str) -> None:
    assert told(section(ports=ports)) == [("Invalid ports in profile 'Zimbra'", 4)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a" * 65, "name too long"),
        ("all", "invalid name"),
        ("7071", "invalid name"),
        (" 12 ", "invalid name"),
        ("1_000", "invalid name"),
        ("zim&bra", "invalid name"),
        (" Zimbra", "invalid name"),
        ("é", "invalid name"),
        ("smtp", "also in /etc/services ('ufw allow smtp' opens port 25, whatever the profile says)"),
        ("www", "also in /etc/services ('ufw allow www' opens port 80, whatever the profile says)"),
    ],
)
def test_names_that_ufw_refuses(name: str, reason: str) -> None:
    assert told(section(name)) == [(f"Skipping '{name}': {reason}", 1)]


@pytest.mark.parametrize("name", ["a" * 64, "ALL", "SMTP", "Zimbra Mail", "zim.bra+x_y-z", "1.5", "0x10", "Zimbra "])
def test_names_that_ufw_takes(name: str) -> None:
    assert [profile.name for profile in read(section(name))[0]] == [name]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("[Z]\ndescription=\ntitle=\n", "Profile 'Z' has empty required field 'title'", 3),
        ("[Z]\ndescription=d\nports=x\n", "Profile 'Z' missing required field 'title'", 1),
        ("[Z]\ntitle=t\ndescription=d\n  ports=25/tcp\n", "Profile 'Z' missing required field 'ports'", 1),
        (section("Z") + "k" * 65 + "=1\n", "Skipping 'Z': field too long", 5),
        (section("Z") + "key=" + "v" * 1025 + "\n", "Skipping 'Z': value too long for 'key'", 5),
        (section("Z", "25/tcp|" * 200 + "x y"), "Skipping 'Z': value too long for 'ports'", 4),
    ],
)
def test_fields_in_ufws_order(text: str, message: str, line: int) -> None:
    assert told(text) == [(message, line)]


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (section() + section(), "section 'Zimbra' stands twice", 5),
        (section() + "PORTS=26\n", "key 'ports' stands twice", 5),
        ("title=x\n" + section(), "text before the first section", 1),
        ("\ufeff" + section(), "text before the first section", 1),
        (section() + "garbage\n" + section(), "a line without a key and '=' or ':'", 5),
        (section() + "= x\n", "a line without a key and '=' or ':'", 5),
        ("[Z]\ntitle=D\udce9\n", "not UTF-8", 2),
    ],
)
def test_files_that_ufw_drops_as_a_whole(text: str, reason: str, line: int) -> None:
    assert read(text)[0] == ()
    assert told(text) == [(f"Skipping 'zimbra': couldn't process ({reason})", line)]
    assert read(text)[1][0].fatal


@pytest.mark.parametrize(
    "text",
    [
        section().replace("\n", "\r\n"),
        section().replace("\n", "\r"),
        section().replace("=", " : ").upper().replace("TCP", "tcp").replace("ZIMBRA]", "Zimbra]"),
        section().replace("]", "] # a note"),
        "# comment\n; comment\n" + section().replace("ports", "  # more\n  more text\nports") + "unknown=key\n",
        "[DEFAULT]\ntitle=t\ndescription=d\n[Zimbra]\nports=25/tcp\n",
        "[Zimbra]\nports=25/tcp\n[DEFAULT]\ntitle=t\n[DEFAULT]\ndescription=d\n",
        "  [Zimbra]\n  title=t\n  description=d\n  ports=25/tcp\n",
    ],
)
def test_ini_as_python_reads_it(text: str) -> None:
    profiles, problems = read(text)
    assert ([profile.name for profile in profiles], problems) == (["Zimbra"], ())
    assert [(part.ports.ranges, part.protocol) for part in profiles[0].ports] == [(((25, 25),), "tcp")]


def test_a_bad_section_leaves_its_neighbours() -> None:
    text = section("A") + section("smtp") + section("B", "25 /tcp") + section("C")
    assert [profile.name for profile in read(text)[0]] == ["A", "C"]
    assert [message.partition(" (")[0] for message, _ in told(text)] == [
        "Skipping 'smtp': also in /etc/services", "Invalid ports in profile 'B'",
    ]  # fmt: skip
    assert [line for _, line in told(text)] == [5, 12]


def test_a_folder_takes_the_last_file_of_a_name() -> None:
    sources = [
        Source("applications.d/zimbra.bak", section(ports="26/tcp")),
        Source("applications.d/zimbra", section()),
        Source("applications.d/zimbra.dpkg-old", section(ports="27/tcp")),
        Source("applications.d/zz", section(ports="28 /tcp")),
    ]
    profiles, problems = read_profile_folder(sources)
    assert [profile.ports[0].ports.first() for profile in profiles] == [26]
    assert [(problem.check, problem.message, problem.span.source.name) for problem in problems] == [
        (
            "profile-duplicate",
            "Duplicate profile 'Zimbra', using last found (this one, not that of zimbra)",
            "applications.d/zimbra.bak",
        ),
        ("profile-invalid", "Invalid ports in profile 'Zimbra'", "applications.d/zz"),
    ]


def test_files_that_ufw_never_opens() -> None:
    assert all(map(is_passed_over, ["x/.zimbra", "zimbra~", "a.dpkg-new", "a.rpmsave"]))
    assert not any(map(is_passed_over, ["zimbra", "x.d/zimbra.bak", "zimbra.orig", "zimbra.disabled"]))


def test_the_shapes_kept_ready_are_the_grammar_s() -> None:
    known = asset_json("grammars/ufw_profile.shapes.json")
    shapes = {shape: parse_with_lark("ufw_profile", shape) for shape in ufw_profile_shapes()}
    assert known == json.loads(json.dumps(shapes))


def test_the_corpus() -> None:
    """What ufw's own test suite takes is taken, what it refuses is refused."""
    for path in corpus_files("ufw-testsuite/apps"):
        profiles, problems = read_ufw_profiles(Source(str(path), path.read_text()))
        if path.parent.name == "bad":
            assert (len(profiles), len(problems) > 0) == (0, True), path.name
        else:
            assert (len(profiles) > 0, problems) == (True, ()), path.name
