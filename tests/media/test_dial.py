"""Whom a worker believes when it dials in."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from media.dial import _trust


async def _dialled(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Connects to a server on loopback under the name `localhost`."""
    listening = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        _reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
        writer.close()


def _named(name: str, tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    leaf = trustme.CA().issue_cert(name)
    path = tmp_path / f"{name}.pem"
    path.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context, str(path)


async def test_a_supervised_worker_knows_its_servers_own_certificate(tmp_path: Path) -> None:
    server, cert = _named("carbet.example.org", tmp_path)
    await _dialled(server, _trust(cert, pinned=True))


async def test_a_worker_elsewhere_asks_for_the_name_it_dialled(tmp_path: Path) -> None:
    server, cert = _named("carbet.example.org", tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        await _dialled(server, _trust(cert, pinned=False))


async def test_another_certificate_is_refused_although_pinned(tmp_path: Path) -> None:
    server, _ = _named("localhost", tmp_path)
    _, cert = _named("carbet.example.org", tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        await _dialled(server, _trust(cert, pinned=True))
