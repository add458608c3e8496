"""The client against real servers on loopback that are slow, endless, deceitful or broken."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.net.addresses import Address, Allowed
from cutroom.net.client import Answer, SafeClient
from tests.local_servers import Asked, reply, saying, serving

LOCAL = Allowed.parse(["127.0.0.0/8"])


async def post(client: SafeClient, url: str, *, seconds: float = 5.0, max_bytes: int = 1000) -> Answer:
    return await client.post(url, b"{}", headers={"x-one": "1"}, seconds=seconds, max_bytes=max_bytes)


async def refused(client: SafeClient, url: str, **more: float) -> CutroomError:
    with pytest.raises(CutroomError) as caught:
        await post(client, url, **more)
    return caught.value


async def test_a_post_carries_what_it_was_given_and_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(saying(reply(200, b"fine", x_mark="yes"))) as place:
        answer = await post(SafeClient(LOCAL), place.url("/hook?a=b"))
    assert (answer.status, answer.body, answer.headers["x-mark"]) == (200, b"fine", "yes")
    (asked,) = place.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hook?a=b", b"{}")
    assert asked.headers["host"] == f"127.0.0.1:{place.port}"
    assert asked.headers["x-one"] == "1"
    assert "cookie" not in asked.headers


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]"]
)
async def test_loopback_is_refused_in_every_spelling(host: str):
    async with serving(saying(reply())) as place:
        error = await refused(SafeClient(), place.url(host=host))
        assert place.asked == []
    assert error.code in {"net.address-refused", "net.unknown-host"}


async def test_names_and_networks_can_be_allowed():
    async with serving(saying(reply())) as place:
        for allow, host in (("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("127.0.0.0/8", "127.0.0.1")):
            answer = await post(SafeClient(Allowed.parse([allow])), place.url(host=host))
            assert answer.status == 200


async def test_the_connection_goes_to_the_address_that_was_checked():
    """A name server that says another address each time it is asked gains nothing: it is asked once a connection."""
    said: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        said.append(host)
        return [ip_address("127.0.0.2" if len(said) == 1 else "127.0.0.1")]

    async with serving(saying(reply())) as place:
        # Nobody listens at 127.0.0.2: had the name been looked up again, 127.0.0.1 would have answered.
        client = SafeClient(Allowed.parse(["127.0.0.2"]), resolver=rebinding)
        error = await refused(client, place.url(host="rebind.example"))
        assert (error.code, said) == ("net.unreachable", ["rebind.example"])
        error = await refused(client, place.url(host="rebind.example"))
        assert (error.code, place.asked) == ("net.address-refused", [])


async def test_of_many_addresses_only_permitted_ones_are_tried():
    async def both(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address("10.255.255.1"), ip_address("127.0.0.3"), ip_address("127.0.0.1")]

    async with serving(saying(reply())) as place:
        assert (await post(SafeClient(LOCAL, resolver=both), place.url(host="two.example"))).status == 200
        assert place.asked[0].headers["host"] == f"two.example:{place.port}"


async def test_a_post_follows_no_redirect():
    async with serving(saying(reply(307, location="http://169.254.169.254/latest"))) as place:
        answer = await post(SafeClient(LOCAL), place.url())
    assert (answer.status, len(place.asked)) == (307, 1)


async def test_a_huge_answer_is_read_no_further_than_wanted():
    sent = 0

    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with serving(endless) as place:
        answer = await post(SafeClient(LOCAL), place.url(), max_bytes=700)
        assert answer.body == b"x" * 700
        await asyncio.sleep(0.05)
    assert sent < 64 << 20


async def test_who_hangs_or_dribbles_is_left_after_the_time():
    async def hang(_: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def dribble(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            writer.write(b"y")
            await writer.drain()
            await asyncio.sleep(0.02)

    for behaviour in (hang, dribble):
        async with serving(behaviour) as place:
            begun = asyncio.get_running_loop().time()
            error = await refused(SafeClient(LOCAL), place.url(), seconds=0.3)
            assert (error.code, asyncio.get_running_loop().time() - begun < 2) == ("net.timed-out", True)
            assert "within 0.3 seconds" in error.message


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000])
async def test_what_is_not_http_is_one_sentence(answer: bytes):
    async with serving(saying(answer)) as place:
        error = await refused(SafeClient(LOCAL), place.url())
    assert error.code == "net.broken"
    assert "\n" not in error.message


async def test_a_closed_port_and_a_missing_name_are_one_sentence():
    async with serving(saying(b"")) as place:
        pass
    error = await refused(SafeClient(LOCAL), place.url())
    assert (error.code, "connection refused" in error.message.lower()) == ("net.unreachable", True)
    error = await refused(SafeClient(), "http://nothing.invalid/")
    assert (error.code, error.message) == ("net.unknown-host", "There is no host named 'nothing.invalid'.")


async def test_tls_failures_say_why(tmp_path: Path):
    async def speak_plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(400))
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as plain:
        error = await refused(SafeClient(LOCAL), f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/")
    assert error.code == "net.tls-failed"
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing; run: apt-get install openssl")
    served, trusting = _certified(tmp_path, "localhost")
    async with serving(saying(reply()), tls=served) as place:
        error = await refused(SafeClient(Allowed.parse(["localhost"])), place.url(host="localhost", scheme="https"))
        assert (error.code, "self-signed certificate" in error.message) == ("net.tls-failed", True)
        client = SafeClient(Allowed.parse(["localhost", "127.0.0.1"]), trusted=trusting)
        assert (await post(client, place.url(host="localhost", scheme="https"))).status == 200
        error = await refused(client, place.url(scheme="https"))
        assert (error.code, "127.0.0.1" in error.message) == ("net.tls-failed", True)


async def test_a_url_can_be_checked_before_it_is_kept():
    client = SafeClient()
    await client.check("https://not-yet-there.invalid/hook")
    for url, code in (("http://127.0.0.1/", "net.address-refused"), ("ftp://x/", "net.url-invalid")):
        with pytest.raises(CutroomError) as caught:
            await client.check(url)
        assert caught.value.code == code


def _certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own making, and one that trusts it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    return served, ssl.create_default_context(cafile=str(certificate))
