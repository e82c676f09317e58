"""The catalogue is whole, and its look-ups say what Zimbra's documents say."""

from __future__ import annotations

from collections import Counter

import pytest

from zimlint.zimbra.catalogue import (
    Catalogue,
    in_use,
    is_stale,
    load_catalogue,
    parse_version,
    requirements,
    services_on,
)
from zimlint.zimbra.site import DEFAULT_ROLES, ROLES


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_every_port_has_its_row(catalogue: Catalogue) -> None:
    services = list(catalogue.services.values())
    assert len(services) == 70
    assert Counter(service.exposure for service in services) == {
        "public": 2,
        "public-optional": 10,
        "admin": 4,
        "cluster": 29,
        "loopback": 20,
        "never-public": 5,
    }
    assert [service.port for service in services] == sorted(service.port for service in services)


def test_every_row_is_complete(catalogue: Catalogue) -> None:
    for service in catalogue.services.values():
        assert all((service.name, service.description, service.why, service.sources)), service.label
        assert service.why.endswith("."), service.label
        assert {*service.roles, *service.roles_without_proxy, *service.from_roles} <= {*ROLES, "all"}, service.label
        if service.twin is not None:
            assert catalogue.services[service.twin, "tcp"].twin == service.port


def test_roles_name_ports_and_roles_that_exist(catalogue: Catalogue) -> None:
    assert {*catalogue.roles} == {*ROLES, "all"}
    for role in catalogue.roles.values():
        for need in role.nodes:
            service = catalogue.services[need.port, need.protocol]
            assert {*need.from_roles} <= {*ROLES, "all"}
            assert {*service.roles} & {role.name, "all"}, f"{role.name} does not listen on {service.label}"
            assert {*need.from_roles} <= {*service.from_roles} or service.from_roles == ("all",), service.label
            assert need.required or need.when, f"{service.label} needs a reason to be optional"


def test_rank_of_known_ports(catalogue: Catalogue) -> None:
    services = catalogue.services
    assert services[25, "tcp"].exposure == "public"
    assert services[9071, "tcp"].exposure == services[7071, "tcp"].exposure == "admin"
    assert services[11211, "udp"].exposure == "never-public"
    assert services[8443, "tcp"].exposure == "cluster"
    assert {service.label for service in services.values() if service.exposure == "public"} == {"25/tcp", "443/tcp"}


def test_the_proxy_swaps_front_and_back(catalogue: Catalogue) -> None:
    with_proxy = {service.port for service in services_on(catalogue, ["mailbox"])}
    without = {service.port for service in services_on(catalogue, ["mailbox"], proxy=False)}
    assert with_proxy & {143, 443, 7143, 8443} == {7143, 8443}
    assert without & {143, 443, 7143, 8443} == {143, 443}


@pytest.mark.parametrize(
    ("port", "version", "used", "stale"),
    [
        (7073, "8.6", False, False),
        (7073, "8.7", True, False),
        (8735, "8.8.15", True, False),
        (8735, "10.0", False, True),
        (8735, "10", False, True),
        (8735, "9.0.0", True, False),
        (7307, "7", False, True),
        (7074, "9", False, False),
        (7074, "10", True, False),
        (8143, "8.8", True, False),
        (8143, "8.7.11", False, False),
        (25, "8.8.15", True, False),
    ],
)
def test_versions(catalogue: Catalogue, port: int, version: str, used: bool, stale: bool) -> None:
    service = catalogue.services[port, "tcp"]
    assert in_use(service, parse_version(version)) is used
    assert is_stale(service, parse_version(version)) is stale


def test_an_unknown_version_has_every_service(catalogue: Catalogue) -> None:
    assert all(in_use(service, None) and not is_stale(service, None) for service in catalogue.services.values())


@pytest.mark.parametrize(
    ("text", "version"),
    [("10.1", (10, 1)), ("8.8.15", (8, 8, 15)), ("8.8.15_P46", (8, 8, 15)), ("v9", (9,)), (" 10.0.9 ", (10, 0, 9))],
)
def test_version_spellings(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "ten", "10.", "10..1", "1.2.3.4.5", "-1", "8.8.x"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError):
        parse_version(text)


def test_a_single_server_needs_mail_and_web_from_the_internet(catalogue: Catalogue) -> None:
    assert _needs(catalogue, DEFAULT_ROLES) == ["25/tcp public", "443/tcp public"]
    assert _needs(catalogue, DEFAULT_ROLES, proxy=False) == ["25/tcp public", "443/tcp public"]


def test_a_mailbox_node_needs_its_backends_from_the_nodes_that_exist(catalogue: Catalogue) -> None:
    assert _needs(catalogue, ["mailbox"], peers=["mta", "ldap"]) == ["7025/tcp cluster", "7073/tcp cluster"]
    assert "8443/tcp cluster" in _needs(catalogue, ["mailbox"], peers=["proxy"])
    assert _needs(catalogue, ["mailbox"], proxy=False, peers=["ldap"]) == ["443/tcp public"]


def test_small_nodes(catalogue: Catalogue) -> None:
    assert _needs(catalogue, ["ldap"], peers=["mta"]) == ["389/tcp cluster"]
    assert _needs(catalogue, ["memcached", "proxy"], peers=["mta"]) == ["443/tcp public"]
    assert _needs(catalogue, ["memcached"], peers=["proxy"]) == ["11211/tcp cluster"]
    assert _needs(catalogue, ["mta"], peers=["mailbox"]) == ["25/tcp public", "25/tcp cluster"]
    assert _needs(catalogue, ["logger"], peers=["mta"]) == ["514/udp cluster"]


def _needs(
    catalogue: Catalogue, roles: tuple[str, ...] | list[str], *, proxy: bool = True, peers: list[str] | None = None
) -> list[str]:
    found = requirements(catalogue, roles, proxy=proxy, peers=peers or ())
    return [f"{requirement.service.label} {requirement.source}" for requirement in found]
