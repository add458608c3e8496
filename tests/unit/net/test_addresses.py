from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.net.addresses import Allowed, carried, is_public

CLOSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1
    224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1
    fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%2 fec0::1 ff02::1 ff0e::1"""
OPEN = """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 223.255.255.255
    2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808"""


@pytest.mark.parametrize("address", CLOSED.split())
def test_what_is_not_public(address: str):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OPEN.split())
def test_what_is_public(address: str):
    assert is_public(ip_address(address))


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_python_calls_otherwise(address: IPv4Address | IPv6Address):
    if is_public(address):
        inner = carried(address)
        seen = inner or address
        assert seen.is_global
        assert True not in {seen.is_private, seen.is_loopback, seen.is_link_local, seen.is_multicast, seen.is_reserved}


@given(st.ip_addresses(v=4))
def test_a_disguise_changes_nothing(address: IPv4Address):
    for disguised in (IPv6Address(f"::ffff:{address}"), IPv6Address(f"64:ff9b::{address}")):
        assert carried(disguised) == address
        assert is_public(disguised) == is_public(address)
    assert not is_public(IPv6Address(int(IPv6Address("2002::")) | int(address) << 80))


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_an_allowed_network_is_allowed_in_every_disguise(address: IPv4Address):
    allowed = Allowed.parse(["10.0.0.0/8", "nas.lan"])
    assert allowed.permits("somewhere", address)
    assert allowed.permits("somewhere", IPv6Address(f"::ffff:{address}"))
    assert not Allowed().permits("somewhere", address)
    assert not Allowed.parse(["192.168.0.0/16"]).permits("somewhere", address)


def test_an_allowed_name_is_itself_only():
    allowed = Allowed.parse(["NAS.lan", "::1"])
    loopback = ip_address("127.0.0.1")
    assert allowed.permits("nas.lan.", loopback)
    assert not allowed.permits("nas.lan.evil.example", loopback)
    assert not allowed.permits("127.0.0.1", loopback)
    assert allowed.permits("anything", ip_address("::1"))


@pytest.mark.parametrize("word", ["10.0.0.0/99", "http://nas", "*", "nas:80", " ", "a@b"])
def test_what_cannot_be_allowed_is_said(word: str):
    with pytest.raises(CutroomError, match=r"net\.allow cannot hold") as caught:
        Allowed.parse([word])
    assert caught.value.code == "settings.invalid"
