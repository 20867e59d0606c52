"""Fingerprints of OpenPGP keys without gpg, which a bare host has not got."""

from __future__ import annotations

import base64
import hashlib
import re

_PRIMARY_KEY = 6
_ARMOUR = re.compile(r"-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.S)


def openpgp_fingerprints(content_base64: str) -> list[str]:
    """The version 4 fingerprints (40 hex digits, upper case) of all primary keys in a key file.

    Args:
        content_base64: the file, armoured or binary, as `ansible.builtin.slurp` returns it.

    RFC 4880: SHA-1 over 0x99, the packet's length in two bytes, and the packet. What is not a key has none.
    """
    raw = base64.b64decode(content_base64)
    blocks = _ARMOUR.findall(raw.decode("latin-1"))
    found = []
    for data in [_dearmour(block) for block in blocks] or [raw]:
        for tag, body in _packets(data):
            if tag == _PRIMARY_KEY and body[:1] == b"\x04":
                prefix = b"\x99" + len(body).to_bytes(2, "big")
                found.append(hashlib.sha1(prefix + body).hexdigest().upper())  # noqa: S324 - defined so by the RFC
    return found


def _dearmour(block: str) -> bytes:
    """The bytes of one armoured block: headers end at the first empty line, the checksum starts with '='."""
    lines = block.replace("\r", "").strip("\n").split("\n")
    if "" in lines:
        lines = lines[lines.index("") + 1 :]
    return base64.b64decode("".join(line for line in lines if not line.startswith("=") and ": " not in line))


def _packets(data: bytes) -> list[tuple[int, bytes]]:
    """Splits a packet stream (RFC 4880, section 4.2); stops quietly where it makes no sense any more."""
    packets, i = [], 0
    while i < len(data) and data[i] & 0x80:
        head, i = data[i], i + 1
        try:
            if head & 0x40:  # new format
                tag, first = head & 0x3F, data[i]
                if first < 192:
                    length, i = first, i + 1
                elif first < 224:
                    length, i = ((first - 192) << 8) + data[i + 1] + 192, i + 2
                elif first == 255:
                    length, i = int.from_bytes(data[i + 1 : i + 5], "big"), i + 5
                else:  # partial lengths are for data, never for keys
                    return packets
            else:
                size = 1 << (head & 3)
                tag, length, i = (head >> 2) & 0xF, int.from_bytes(data[i : i + size], "big"), i + size
        except IndexError:
            return packets
        packets.append((tag, data[i : i + length]))
        i += length
    return packets


class FilterModule:
    """Tells Ansible the filter's name."""

    def filters(self) -> dict:
        return {"openpgp_fingerprints": openpgp_fingerprints}
