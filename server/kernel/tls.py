"""A certificate for this machine, so that a first start is on HTTPS: browsers give a camera to
nothing else. Its authority is made here too and trusted by nobody until somebody decides so; a
real installation gives its own certificate in the settings.
"""

import datetime as dt
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ifaddr
import trustme
from cryptography import x509

LASTS = dt.timedelta(days=365)
RENEWED_BEFORE = dt.timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """PEM files: chain, private key (mode 0600), and the authority to trust."""

    cert: Path
    key: Path
    ca: Path


def local_names() -> tuple[str, ...]:
    """Every name and address this machine may be reached by."""
    addresses = {"127.0.0.1", "::1"}
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            text = each.ip if isinstance(each.ip, str) else each.ip[0]
            if not ipaddress.ip_address(text).is_link_local:
                addresses.add(text)
    return ("localhost", socket.gethostname(), *sorted(addresses))


def make_certificate(
    data_dir: Path, hostnames: Iterable[str] = (), now: dt.datetime | None = None
) -> Certificate:
    """The certificate in `data_dir/tls`, made anew when a name is missing from it or its end is
    within thirty days. The authority is made anew with it: its key is never stored."""
    now = now or dt.datetime.now(dt.UTC)
    folder = data_dir / "tls"
    made = Certificate(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    names = tuple(sorted({*local_names(), *hostnames}))
    if not _serves(made, names, now):
        _make(made, names, now)
    return made


def _serves(made: Certificate, names: tuple[str, ...], now: dt.datetime) -> bool:
    if not all(path.exists() for path in (made.cert, made.key, made.ca)):
        return False
    leaf = x509.load_pem_x509_certificate(made.cert.read_bytes())
    if leaf.not_valid_after_utc - RENEWED_BEFORE <= now:
        return False
    return set(names) <= _names_of(leaf)


def _names_of(leaf: x509.Certificate) -> set[str]:
    alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = alternative.get_values_for_type(x509.DNSName)
    addresses = alternative.get_values_for_type(x509.IPAddress)
    return {*names, *map(str, addresses)}


def _make(made: Certificate, names: tuple[str, ...], now: dt.datetime) -> None:
    made.cert.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = trustme.CA(organization_name="Carbet", organization_unit_name="cette machine")
    leaf = authority.issue_cert(*names, not_after=now + LASTS)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    # The key first: a certificate whose key is not there yet would be taken for a whole.
    _write(made.key, leaf.private_key_pem.bytes(), 0o600)
    _write(made.ca, authority.cert_pem.bytes(), 0o644)
    _write(made.cert, chain, 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
