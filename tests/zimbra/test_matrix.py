"""The node-to-node matrix, written by hand from the install guide's table and Zimbra's code, against the catalogue."""

from __future__ import annotations

import pytest

from zimlint.zimbra.catalogue import Catalogue, load_catalogue, requirements
from zimlint.zimbra.site import ROLES

MATRIX = {
    ("all", "22/tcp", ("all",)),
    ("dnscache", "53/udp", ("all",)),
    ("dnscache", "53/tcp", ("all",)),
    ("logger", "514/udp", ("all",)),
    ("ldap", "389/tcp", ("all",)),
    ("ldap", "636/tcp", ("all",)),
    ("mta", "25/tcp", ("ldap", "mailbox")),
    ("mta", "3310/tcp", ("mailbox",)),
    ("mta", "7308/tcp", ("mta",)),
    ("memcached", "11211/tcp", ("mailbox", "proxy")),
    ("mailbox", "7110/tcp", ("proxy",)),
    ("mailbox", "7143/tcp", ("proxy",)),
    ("mailbox", "7993/tcp", ("proxy",)),
    ("mailbox", "7995/tcp", ("proxy",)),
    ("mailbox", "8080/tcp", ("proxy",)),
    ("mailbox", "8443/tcp", ("proxy",)),
    ("mailbox", "8443/tcp", ("docs",)),
    ("mailbox", "9443/tcp", ("proxy",)),
    ("mailbox", "7025/tcp", ("mta",)),
    ("mailbox", "7047/tcp", ("mailbox",)),
    ("mailbox", "7071/tcp", ("mailbox",)),
    ("mailbox", "7071/tcp", ("proxy",)),
    ("mailbox", "7072/tcp", ("proxy",)),
    ("mailbox", "7073/tcp", ("mta",)),
    ("mailbox", "7074/tcp", ("onlyoffice",)),
    ("mailbox", "7285/tcp", ("mailbox",)),
    ("mailbox", "8735/tcp", ("mailbox",)),
    ("mailbox", "8736/tcp", ("mailbox",)),
    ("mailbox", "5269/tcp", ("mailbox",)),
    ("convertd", "7047/tcp", ("mailbox",)),
    ("onlyoffice", "7084/tcp", ("proxy",)),
    ("onlyoffice", "7085/tcp", ("proxy",)),
    ("docs", "9980/tcp", ("proxy", "mailbox")),
    ("spell", "7780/tcp", ("mailbox",)),
    ("imapd", "8143/tcp", ("proxy",)),
    ("imapd", "8993/tcp", ("proxy",)),
    ("ssdb", "8888/tcp", ("mailbox", "ssdb")),
    ("license", "8081/tcp", ("mailbox",)),
}
"""To, port, from: every row, whether it is always needed or only where something is used."""

REQUIRED = {
    "logger": {"514/udp"},
    "ldap": {"389/tcp"},
    "mta": {"25/tcp"},
    "memcached": {"11211/tcp"},
    "mailbox": {"7025/tcp", "7071/tcp", "7072/tcp", "7073/tcp", "7143/tcp", "7993/tcp", "8443/tcp"},
    "proxy": set(),
    "convertd": {"7047/tcp"},
    "onlyoffice": {"7084/tcp", "7085/tcp"},
    "docs": {"9980/tcp"},
    "spell": {"7780/tcp"},
    "imapd": {"8143/tcp", "8993/tcp"},
    "ssdb": {"8888/tcp"},
    "license": {"8081/tcp"},
    "dnscache": set(),
}
"""What delivery, log-in or the role itself fails without."""

SWAPPED = {"7110/tcp": "110/tcp", "7143/tcp": "143/tcp", "7993/tcp": "993/tcp", "7995/tcp": "995/tcp",
           "8080/tcp": "80/tcp", "8443/tcp": "443/tcp"}  # fmt: skip
"""What the mailbox listens on with the proxy, and without it (zmproxyconfig, zmsetup.pl)."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_the_matrix_is_row_by_row_that_of_zimbra(catalogue: Catalogue) -> None:
    rows = {
        (role.name, f"{need.port}/{need.protocol}", need.from_roles)
        for role in catalogue.roles.values()
        for need in role.nodes
    }
    assert rows == MATRIX


@pytest.mark.parametrize("role", REQUIRED)
def test_what_each_role_must_let_in_from_the_others(catalogue: Catalogue, role: str) -> None:
    needs = requirements(catalogue, [role], peers=ROLES)
    assert {need.service.label for need in needs if need.source == "cluster"} == REQUIRED[role]


def test_every_role_is_in_the_matrix() -> None:
    assert {*REQUIRED} == {*ROLES}


@pytest.mark.parametrize("back", SWAPPED)
def test_the_proxy_swaps_the_ports_of_the_mailbox(catalogue: Catalogue, back: str) -> None:
    by_label = {service.label: service for service in catalogue.services.values()}
    front = by_label[SWAPPED[back]]
    assert by_label[back].twin == front.port
    assert ("mailbox" in by_label[back].roles, "mailbox" in front.roles) == (True, False)
    assert ("mailbox" in by_label[back].roles_without_proxy, "mailbox" in front.roles_without_proxy) == (False, True)
