"""Addresses that users write down: what is asked, and all that is not."""

import gzip
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from common.outgoing import (
    AddressRefused,
    Rules,
    TooLate,
    UnableToFetch,
    check_address,
    fetched,
    is_public,
    target_of,
)
from tests.guests import (
    Authority,
    Behaviour,
    answer,
    authority_in,
    drip,
    guest_server,
    raw,
    says,
    silence,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NAME = "feeds.example"
STRICT = Rules()
HERE = Rules(is_loopback_allowed=True, total_seconds=0.6, connect_seconds=0.3, most_bytes=65536)


def meaning(*answers: list[str]) -> Any:
    """A resolver of the outside world that says of NAME one after another; asking is counted."""
    asked: list[str] = []
    true = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != NAME:
            return true(host, port, *rest, **more)
        asked.append(name)
        found = answers[min(len(asked), len(answers)) - 1]
        return [row for text in found for row in true(text, port, *rest, **more)]

    return resolve, asked


# --- which addresses ---


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",  # noqa: S104
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1",
        "192.0.2.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "192.88.99.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::1", "2001:db8::1",
        "100::1", "3fff::1",
    ],
)  # fmt: skip
def test_what_is_nobodys_public_server_is_never_asked(text: str) -> None:
    assert not is_public(ip_address(text))
    shown = f"[{text}]" if ":" in text else text
    with pytest.raises(AddressRefused):
        check_address(f"https://{shown}/", rules=STRICT)


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"])
def test_public_servers_are(text: str) -> None:
    assert is_public(ip_address(text))
    shown = f"[{text}]" if ":" in text else text
    check_address(f"https://{shown}/", rules=STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/",
        "https://localhost/", "https://localhost./", "https://[::1]/", "https://[::ffff:7f00:1]/",
    ],
)  # fmt: skip
def test_other_spellings_of_loopback_are_loopback(url: str) -> None:
    with pytest.raises((AddressRefused, UnableToFetch)):
        check_address(url, rules=STRICT)
    with pytest.raises((AddressRefused, UnableToFetch)):
        fetched(url, rules=STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "", "feeds.example", "//feeds.example/", "http://feeds.example/", "ftp://feeds.example/",
        "file:///etc/passwd", "gopher://feeds.example/", "https://", "https:///path",
        "https://user@feeds.example/", "https://user:word@feeds.example/",
        "https://feeds.example#@127.0.0.1/", "https://feeds.example/#part",
        "https://feeds.example\\@127.0.0.1/", "https://feeds.example:0/",
        "https://feeds.example:22/", "https://feeds.example:8443/", "https://feeds.example:99999/",
        "https://feeds.example:/x y", "https://feeds.example/\r\nHost: other", "https://fäds.example/",
        "https://feeds%2eexample/", "https://[::1/", "https://[fe80::1%25eth0]/",
        "https://-feeds.example/", "https://feeds_example/", "https://" + "a" * 3000,
    ],
)  # fmt: skip
def test_urls_that_may_be_read_in_two_ways_are_refused_unread(url: str) -> None:
    with pytest.raises(AddressRefused):
        target_of(url, rules=STRICT)
    with pytest.raises(AddressRefused):
        fetched(url, rules=STRICT)


def test_one_private_address_behind_a_name_refuses_them_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve, _ = meaning(["1.1.1.1", "10.0.0.1"], ["1.1.1.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused):
        check_address(f"https://{NAME}/", rules=STRICT)
    check_address(f"https://{NAME}/", rules=STRICT)


def test_loopback_is_asked_only_where_the_operator_says_so() -> None:
    with guest_server({"/": says({"hello": 1})}) as server:
        assert fetched(server.url(), rules=HERE) == b'{"hello": 1}'
        with pytest.raises(AddressRefused):
            fetched(server.url(), rules=replace(HERE, is_loopback_allowed=False))
        assert len(server.asked) == 1
    # What is allowed is loopback and nothing else that is private, and http nowhere else.
    for url in ("http://10.0.0.1/", "https://169.254.169.254/", "http://1.1.1.1/"):
        with pytest.raises(AddressRefused):
            fetched(url, rules=HERE)


# --- the connection goes to what was checked ---


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def rules(authority: Authority) -> Iterator[Rules]:
    yield replace(HERE, authorities=str(authority.file), total_seconds=5, connect_seconds=2)


def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(
    authority: Authority, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is rebound after the look-up leads nowhere else; asked anew, it is refused."""
    resolve, asked = meaning(["127.0.0.1"], ["10.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with guest_server({"/f": says([])}, context=authority.context_for(NAME)) as server:
        assert fetched(server.url("/f", host=NAME), query={"a": "ä&b"}, rules=rules) == b"[]"
        assert asked == [NAME]
        with pytest.raises(AddressRefused):
            fetched(server.url("/f", host=NAME), rules=rules)
        (got,) = server.asked
    assert got.headers["Host"] == f"{NAME}:{server.port}"
    assert got.query == {"a": "ä&b"}
    assert {name.lower() for name in got.headers} == {
        "host", "accept", "accept-encoding", "connection", "user-agent",
    }  # fmt: skip


def test_a_certificate_of_another_name_or_of_nobody_is_not_believed(
    authority: Authority, rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, _ = meaning(["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with (
        guest_server({"/": says([])}, context=authority.context_for("other.example")) as server,
        pytest.raises(UnableToFetch),
    ):
        fetched(server.url(host=NAME), rules=rules)
    nobody = authority_in(tmp_path)
    with (
        guest_server({"/": says([])}, context=nobody.context_for(NAME)) as server,
        pytest.raises(UnableToFetch),
    ):
        fetched(server.url(host=NAME), rules=rules)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with guest_server({"/": says([])}) as server, guest_server({"/": says({})}) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert fetched(server.url(), rules=HERE) == b"[]"
        assert proxy.asked == []


# --- what is not an answer ---


@pytest.mark.parametrize(
    ("behaviour", "late"),
    [
        (silence, "late"),
        (raw(b""), "wrong"),
        (raw(b"SSH-2.0-OpenSSH_9\r\n"), "wrong"),
        (raw(HEAD + b"Content-Length: 100\r\n\r\n[1"), "wrong"),
        (answer(b"[]", status="302 Found", headers=["Location: http://127.0.0.1/"]), "wrong"),
        (answer(b"[]", status="307 Away", headers=["Location: https://169.254.169.254/"]), "wrong"),
        (answer(b"[]", status="500 No"), "wrong"),
        (answer(b"<html>", content_type="text/html"), "wrong"),
        (answer(b"[]", content_type="application/jsonp"), "wrong"),
        (answer(gzip.compress(b"[]"), headers=["Content-Encoding: gzip"]), "wrong"),
        (answer(b" " * 70000), "wrong"),
        (raw(HEAD + b"Content-Length: 99999999999\r\n\r\n"), "wrong"),
        (raw(HEAD + b"X: " + b"y" * 300_000), "wrong"),
        (drip(b"", b"H", seconds=0.05), "late"),
        (drip(HEAD, b"X-A: b\r\n", seconds=0.05), "late"),
        (drip(HEAD + b"Content-Length: 5000\r\n\r\n", b" ", seconds=0.05), "late"),
        (drip(CHUNKED, b"1\r\n \r\n", seconds=0.05), "late"),
        (drip(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n", seconds=0), "wrong"),
        (drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n", seconds=0.001), ""),
    ],
    ids=str,
)
def test_there_is_no_answer_and_nobody_waits(behaviour: Behaviour, late: str) -> None:
    with guest_server({"/": behaviour}) as server:
        start = monotonic()
        with pytest.raises(UnableToFetch) as refused:
            fetched(server.url(), rules=HERE)
        assert monotonic() - start < HERE.total_seconds + 0.4
    assert not late or isinstance(refused.value, TooLate) is (late == "late")
    assert len(server.asked) == 1, "nothing was followed or repeated"


def test_a_server_that_never_finishes_its_handshake_is_late(authority: Authority) -> None:
    quick = replace(HERE, authorities=str(authority.file))
    with guest_server({}, context=None) as server:
        start = monotonic()
        with pytest.raises(UnableToFetch):
            fetched(server.url().replace("http:", "https:"), rules=quick)
        assert monotonic() - start < quick.total_seconds + 0.4


def test_a_resolver_that_does_not_answer_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        sleep(1.5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    start = monotonic()
    with pytest.raises(TooLate):
        fetched("https://feeds.example/", rules=replace(HERE, is_loopback_allowed=False))
    assert monotonic() - start < 1
