"""A real server of somebody else's feed, on loopback, that behaves as badly as a test wants."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[[socket.socket, dict[str, str]], None]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class GuestServer:
    """Listens until it is closed; each path has its behaviour."""

    paths: dict[str, Behaviour]
    context: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    is_closed: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        """Where a path is found."""
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        """Listen no more; what streams endlessly ends too."""
        self.is_closed = True
        self._listener.close()

    def _listen(self) -> None:
        while not self.is_closed:
            with suppress(OSError):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        parts = urlsplit(first.split(" ")[1])
        query = dict(parse_qsl(parts.query))
        headers = dict(line.split(": ", 1) for line in lines)
        self.asked.append(Asked(parts.path, query, headers))
        self.paths[parts.path](connection, query)


@contextmanager
def guest_server(
    paths: Mapping[str, Behaviour], *, context: ssl.SSLContext | None = None
) -> Iterator[GuestServer]:
    """A server with these paths, until the end of the block."""
    server = GuestServer(dict(paths), context)
    try:
        yield server
    finally:
        server.close()


# --- behaviours ---


def raw(data: bytes) -> Behaviour:
    """These bytes, and goodbye."""
    return lambda connection, _query: connection.sendall(data)


def answer(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: Iterable[str] = (),
) -> Behaviour:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", *headers]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    return raw(head.encode() + body)


def says(value: Any) -> Behaviour:
    """The value, as JSON."""
    return answer(json.dumps(value).encode())


def skeleton(clip_ids: Iterable[Any], cursor: str | None = None) -> Behaviour:
    """What an honest server says."""
    named: dict[str, Any] = {"feed": [{"clip": str(one)} for one in clip_ids]}
    return says(named | ({"cursor": cursor} if cursor is not None else {}))


def drip(head: bytes, piece: bytes, *, seconds: float) -> Behaviour:
    """`head`, and then a piece now and then, for ever."""

    def behave(connection: socket.socket, _query: dict[str, str]) -> None:
        connection.sendall(head)
        pause = threading.Event()
        while True:
            connection.sendall(piece)
            pause.wait(seconds)

    return behave


def silence(connection: socket.socket, _query: dict[str, str]) -> None:
    """Nothing, until the other side has enough."""
    while connection.recv(1024):
        pass


# --- who signs ---


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test's own; `file` is its certificate."""

    file: Path
    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def context_for(self, name: str) -> ssl.SSLContext:
        """What a server needs that calls itself `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(name, key, issuer=self.certificate.subject, signer=self.key)
        path = self.folder / f"{name}.pem"
        path.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def authority_in(folder: Path) -> Authority:
    """A new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("The tests' authority")
    certificate = _signed(
        "The tests' authority", key, issuer=subject, signer=key, is_authority=True
    )
    path = folder / "authority.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(path, folder, certificate, key)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    is_authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())
