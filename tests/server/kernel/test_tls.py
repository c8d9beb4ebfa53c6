"""The machine's own certificate: made once, complete, and made anew when it no longer serves."""

import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509

from server.kernel.tls import LASTS, RENEWED_BEFORE, local_names, make_certificate

NOW = dt.datetime.now(dt.UTC)


def _names(cert: Path) -> set[str]:
    leaf = x509.load_pem_x509_certificate(cert.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in names}


def test_it_names_this_machine_and_what_it_is_told(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, ["carbet.example", "192.0.2.7"])
    expected = {"localhost", "127.0.0.1", "::1", "carbet.example", "192.0.2.7", *local_names()}
    assert expected <= _names(made.cert)


def test_its_key_is_for_its_owner_only_and_no_authority_key_is_kept(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in made.key.parent.iterdir()} == {"cert.pem", "key.pem", "ca.pem"}
    assert b"PRIVATE" not in made.cert.read_bytes() + made.ca.read_bytes()


def test_it_is_made_once(tmp_path: Path) -> None:
    first = make_certificate(tmp_path).cert.read_bytes()
    assert make_certificate(tmp_path, ["localhost"]).cert.read_bytes() == first


def test_a_new_name_or_a_near_end_makes_it_anew(tmp_path: Path) -> None:
    first = make_certificate(tmp_path, now=NOW).cert.read_bytes()
    second = make_certificate(tmp_path, ["new.example"], now=NOW).cert.read_bytes()
    assert second != first and "new.example" in _names(tmp_path / "tls" / "cert.pem")
    before = NOW + LASTS - RENEWED_BEFORE - dt.timedelta(days=1)
    assert make_certificate(tmp_path, now=before).cert.read_bytes() == second
    after = before + dt.timedelta(days=2)
    assert make_certificate(tmp_path, now=after).cert.read_bytes() != second


def test_a_missing_file_makes_it_anew(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    made.key.unlink()
    make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)


def test_who_trusts_its_authority_may_connect(tmp_path: Path) -> None:
    """A handshake in memory, with the name checked."""
    made = make_certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.cert, made.key)
    asking = ssl.create_default_context(cafile=str(made.ca))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname="localhost")
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting and client.getpeercert()
