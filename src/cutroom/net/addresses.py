"""Which addresses an outgoing connection may go to: public ones, and what the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from cutroom.core.errors import CutroomError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The special-purpose registries of IANA (RFC 6890), not `ipaddress.is_global`, whose answer differs between versions
# of Python: https://www.iana.org/assignments/iana-ipv4-special-registry
_CLOSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT, and one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's metadata at a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
_OPEN_V6 = IPv6Network("2000::/3")  # the only block that global addresses have been given out of
_CLOSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments; Teredo, which carries an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Hosts and networks that may be reached though they are not public."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Allowed:
        """From `10.0.0.0/8`, `192.168.1.5`, `localhost`; a name stands for whatever it resolves to.

        Raises `settings.invalid`.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        for word in words:
            try:
                networks.append(ip_network(word.strip("[]"), strict=False))
            except ValueError:
                if not word.strip() or set(word) & set("/:@?# *"):
                    raise CutroomError(
                        "settings.invalid",
                        f"The setting net.allow cannot hold {word!r}.",
                        hint="It takes host names and networks such as 10.0.0.0/8, with commas between them.",
                    ) from None
                hosts.add(plain_name(word))
        return cls(networks=tuple(networks), hosts=frozenset(hosts))

    def permits(self, host: str, address: Address) -> bool:
        """Whether a connection for `host` may go to this address, which `host` has resolved to."""
        if is_public(address) or plain_name(host) in self.hosts:
            return True
        inner = carried(address) or address
        return any(one in network for one in {address, inner} for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet, also where it carries an IPv4 address inside."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _CLOSED_V4)
    inner = carried(address)
    if inner is not None:
        return is_public(inner)
    return address in _OPEN_V6 and not any(address in block for block in _CLOSED_V6)


def carried(address: Address) -> IPv4Address | None:
    """The IPv4 address that a connection to this one reaches: of ::ffff:0:0/96, and of the NAT64 prefix (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def literal(host: str) -> Address | None:
    """The address that a host already is; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def plain_name(host: str) -> str:
    """A host's name as names are compared."""
    return host.strip().lower().rstrip(".")
