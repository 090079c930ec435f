"""Which addresses of the internet a link may lead to: those of public servers and nothing else. Pure."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # unspecified, "this network"
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' networks (CGNAT); a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
        "169.254.0.0/16",  # link-local; clouds' metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # Teredo, ORCHID and other special uses
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)
_UNICAST = IPv6Network("2000::/3")
"""Everything else of IPv6 is special: loopback, unique local (``fd00:ec2::254``), link-local, multicast, IPv4 addresses
in disguise (mapped ``::ffff:0:0/96``, compatible ``::/96``, NAT64 ``64:ff9b::/96`` and ``64:ff9b:1::/48``)."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of a public server, by the registries of special-purpose addresses (RFC 6890).

    Written out, because ``ipaddress.is_global`` differs between Python's versions and lets multicast pass.
    """
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id):
        return False
    return not any(address in block for block in _NOT_PUBLIC)


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is written as, in any form that systems take (``127.1``, ``0x7f000001``); ``None`` for a
    name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not re.fullmatch(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}", host, re.IGNORECASE):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
