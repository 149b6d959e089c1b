"""The one way to ask an address that a user wrote down (protection against SSRF).

A name is looked up once, every address behind it must be public, and the connection goes to just
the address that was checked: a name that means something else a moment later (DNS rebinding) leads
nowhere.  Nothing is followed, unpacked, remembered or sent along, no proxy is used, and time and
bytes are bounded as a whole, from the look-up to the last byte.

What runs Reverie names in its settings is trusted and does not come here.
"""

import queue
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpcore2

from common.errors import Invalid, Unavailable

HTTPS = 443
LONGEST_URL = 2000
LOOKUPS_AT_ONCE = 16
MOST_ADDRESSES = 8
MOST_HEADER_BYTES = 128 * 1024
OK = 200
REDIRECTS = range(300, 400)

# Letters, digits, dots and hyphens, or an IPv6 address in brackets; whatever may be read in two
# ways (backslashes, user names, escapes, other alphabets) is refused before anything reads it.
AUTHORITY = re.compile(r"(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?")
PRINTABLE = re.compile(r"[!-~]+")
AMBIGUOUS = re.compile(r"[\\@#<>\"^`{|}]")

PUBLIC_IPV6 = ip_network("2000::/3")
# Public by their number and still no public server: they wrap an IPv4 address, or belong to the
# machinery of a network or a cloud.
NEVER = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocols' own
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's host
        "2001::/32",  # Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


class AddressRefused(Invalid):
    """The URL is none that may be asked."""

    code = "address_refused"
    field = "url"


class UnableToFetch(Unavailable):
    """There was no answer in time, or none that can be used."""

    is_late = False


class TooLate(UnableToFetch):
    """The time for the answer was over."""

    is_late = True


@dataclass(frozen=True)
class Rules:
    """What may be asked, for how long, and how much may come.

    `authorities` is a file (PEM) of further authorities to believe.  With `is_loopback_allowed`
    this machine's own loopback may be asked too, on any port, and by http: for development.
    """

    ports: frozenset[int] = frozenset({HTTPS})
    is_loopback_allowed: bool = False
    authorities: str = ""
    total_seconds: float = 2.0
    connect_seconds: float = 1.0
    most_bytes: int = 1024 * 1024
    content_types: tuple[str, ...] = ("application/json",)
    user_agent: str = "Reverie"


@dataclass(frozen=True)
class Target:
    """A URL, read once and for all."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """The host, and the port unless it is the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def target_of(url: str, *, rules: Rules) -> Target:
    """The URL in its parts.  Raises AddressRefused for one whose very look forbids it."""
    if len(url) > LONGEST_URL or not PRINTABLE.fullmatch(url) or AMBIGUOUS.search(url):
        raise AddressRefused("An address is a plain https:// URL, without a user name or fragment.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("This is no address.") from None
    found = AUTHORITY.fullmatch(parts.netloc.lower())
    if found is None or port == 0:
        raise AddressRefused("An address names a host, in plain letters (xn-- for others).")
    host = found["host"].strip("[]")
    target = Target(parts.scheme, host, port or _usual_port(parts.scheme), parts.path, parts.query)
    if target.scheme != "https" and not (target.scheme == "http" and rules.is_loopback_allowed):
        raise AddressRefused("An address begins with https://.")
    if target.port not in rules.ports and not rules.is_loopback_allowed:
        raise AddressRefused("This port is not asked.")
    return target


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is somebody's on the open internet, and nobody's else.

    Not private, shared, local to a link or a machine, multicast or reserved (RFC 6890), and not an
    IPv4 address in an IPv6 one's clothes.
    """
    if isinstance(address, IPv6Address) and address not in PUBLIC_IPV6:
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in NEVER)


def check_address(url: str, *, rules: Rules) -> None:
    """Look the URL's host up now: every address behind it may be asked.

    Raises AddressRefused, UnableToFetch.
    """
    target = target_of(url, rules=rules)
    _addresses(target, rules=rules, deadline=monotonic() + rules.connect_seconds)


def fetched(url: str, *, query: Mapping[str, str] | None = None, rules: Rules) -> bytes:
    """What a GET of `url`, with `query` added, answers: at most `rules.most_bytes`, not unpacked.

    Takes at most `rules.total_seconds`.  Raises AddressRefused, UnableToFetch.
    """
    target = target_of(url, rules=rules)
    clock = _Clock(monotonic() + rules.total_seconds)
    addresses = _addresses(target, rules=rules, deadline=clock.end)
    try:
        return _asked(target, query or {}, addresses=addresses, rules=rules, clock=clock)
    except httpcore2.TimeoutException:
        raise TooLate("There was no answer in time.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        clock.check()
        raise UnableToFetch(f"There was no answer: {type(error).__name__}.") from None


# --- the address ---


def _usual_port(scheme: str) -> int:
    return HTTPS if scheme == "https" else 80


def _addresses(target: Target, *, rules: Rules, deadline: float) -> list[str]:
    """The addresses of the target's host; one that may not be asked refuses them all."""
    seconds = min(rules.connect_seconds, deadline - monotonic())
    found = _looked_up(target.host, target.port, seconds=seconds)
    for address in found:
        is_ours = rules.is_loopback_allowed and address.is_loopback
        is_allowed = target.scheme == "https" and target.port in rules.ports and is_public(address)
        if not is_ours and not is_allowed:
            raise AddressRefused("This address does not lead to a public server.")
    if not found:
        raise UnableToFetch("The name leads nowhere.")
    return [str(address) for address in found]


_lookups = threading.BoundedSemaphore(LOOKUPS_AT_ONCE)


def _looked_up(host: str, port: int, *, seconds: float) -> list[IPv4Address | IPv6Address]:
    """What the system's resolver says, if it says so in time; a late answer is lost."""
    answers: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def ask() -> None:
        found: list[Any] = []
        try:
            with suppress(OSError, UnicodeError):
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        finally:
            _lookups.release()
            answers.put(found)

    if not _lookups.acquire(blocking=False):
        raise UnableToFetch("Too many names are being looked up.")
    threading.Thread(target=ask, daemon=True, name="lookup").start()
    try:
        found = answers.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TooLate("The name was not found in time.") from None
    texts = dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found)
    return [ip_address(text) for text in texts][:MOST_ADDRESSES]


# --- the request ---


@dataclass
class _Clock:
    """When everything must be over, and how many bytes may still come."""

    end: float

    def left(self) -> float:
        """Seconds left.  Raises TooLate when there are none."""
        self.check()
        return self.end - monotonic()

    def check(self) -> None:
        if monotonic() >= self.end:
            raise TooLate("There was no answer in time.")


def _asked(
    target: Target,
    query: Mapping[str, str],
    *,
    addresses: Iterable[str],
    rules: Rules,
    clock: _Clock,
) -> bytes:
    backend = _Pinned(tuple(addresses), rules=rules, clock=clock)
    context = _trust(rules.authorities) if target.scheme == "https" else None
    asked = "&".join(filter(None, (target.query, urlencode(query))))
    path = f"{target.path or '/'}{'?' if asked else ''}{asked}"
    url = httpcore2.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=path.encode(),
    )
    headers: dict[bytes | str, bytes | str] = {
        "Host": target.authority,
        "Accept": ", ".join(rules.content_types),
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": rules.user_agent,
    }
    with (
        httpcore2.ConnectionPool(
            ssl_context=context, network_backend=backend, max_connections=1, retries=0
        ) as pool,
        pool.stream("GET", url, headers=headers) as answer,
    ):
        _check_head(answer, rules=rules)
        return _body(answer, rules=rules, clock=clock)


def _check_head(answer: httpcore2.Response, *, rules: Rules) -> None:
    headers = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    if answer.status in REDIRECTS:
        raise UnableToFetch("The server sends us elsewhere; that is not followed.")
    if answer.status != OK:
        raise UnableToFetch(f"The server answered {answer.status}.")
    if headers.get(b"content-encoding", "identity").strip().lower() != "identity":
        raise UnableToFetch("The answer is packed, which was not asked for.")
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if kind not in rules.content_types:
        raise UnableToFetch(f"The answer is no {' or '.join(rules.content_types)}.")
    length = headers.get(b"content-length", "0")
    if length.isdigit() and int(length) > rules.most_bytes:
        raise UnableToFetch("The answer is too long.")


def _body(answer: httpcore2.Response, *, rules: Rules, clock: _Clock) -> bytes:
    body = bytearray()
    for chunk in answer.iter_stream():
        # Also here: many small pieces may come in one read.
        clock.check()
        body += chunk
        if len(body) > rules.most_bytes:
            raise UnableToFetch("The answer is too long.")
    return bytes(body)


@cache
def _trust(authorities: str) -> ssl.SSLContext:
    """Whom we believe to be who they say: the system's authorities, and those in the file."""
    context = httpcore2.default_ssl_context()
    if authorities:
        context.load_verify_locations(cafile=authorities)
    return context


@dataclass
class _Pinned(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, whatever the name means by now."""

    addresses: tuple[str, ...]
    rules: Rules
    clock: _Clock
    _plain: httpcore2.SyncBackend = field(default_factory=httpcore2.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first of the addresses that answers."""
        until = min(monotonic() + self.rules.connect_seconds, self.clock.end)
        most = self.rules.most_bytes * 2 + MOST_HEADER_BYTES
        for address in self.addresses[:-1]:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                share = max((until - monotonic()) / 2, 0.001)
                stream = self._plain.connect_tcp(address, port, timeout=share)
                return _Timed(stream, clock=self.clock, bytes_left=most)
        share = max(until - monotonic(), 0.001)
        stream = self._plain.connect_tcp(self.addresses[-1], port, timeout=share)
        return _Timed(stream, clock=self.clock, bytes_left=most)


@dataclass
class _Timed(httpcore2.NetworkStream):
    """A connection that is over when the time is, however busy it keeps itself."""

    stream: httpcore2.NetworkStream
    clock: _Clock
    bytes_left: int

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        data = self.stream.read(max_bytes, timeout=self.clock.left())
        self.bytes_left -= len(data)
        if self.bytes_left < 0:
            raise UnableToFetch("The answer is too long.")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        self.stream.write(buffer, timeout=self.clock.left())

    def close(self) -> None:
        """Hang up."""
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """The same connection, encrypted, with whom the certificate names."""
        stream = self.stream.start_tls(ssl_context, server_hostname, timeout=self.clock.left())
        return _Timed(stream, clock=self.clock, bytes_left=self.bytes_left)

    def get_extra_info(self, info: str) -> Any:
        """What the connection tells of itself."""
        return self.stream.get_extra_info(info)
