import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.net.urls import follow, parse


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTP://Example.org:80/a?b=c#d", "http://example.org/a?b=c"),
        ("https://example.org:8443/ü?q=ä", "https://example.org:8443/%C3%BC?q=%C3%A4"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_a_url_is_taken_apart_once(url: str, whole: str):
    assert parse(url).url == whole


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not with http"),
        ("example.org/hook", "not with http"),
        ("file:///etc/passwd", "not with http"),
        ("gopher://example.org/", "not with http"),
        ("https://ann:secret@example.org/", "user name or a password"),
        ("https://@example.org/", "user name or a password"),
        ("https:///hook", "no host"),
        ("https://example.org\\@127.0.0.1/", "backslash"),
        ("https://example.org/a\r\nx: y", "control character"),
        ("https://example.org:99999/", "Port out of range"),
        ("https://[::1/", "Invalid IPv6"),
        ("https://[fe80::1%25eth0]/", "percent"),
        ("https://exa%6dple.org/", "percent"),
        ("https://" + "a" * 3000, "characters"),
        ("https://\N{PILE OF POO}\N{ZERO WIDTH JOINER}.example/", "not a host name"),
    ],
)
def test_what_cannot_be_asked_is_said(url: str, says: str):
    with pytest.raises(CutroomError, match=says) as caught:
        parse(url)
    assert caught.value.code == "net.url-invalid"
    assert "secret" not in caught.value.message


@given(st.text(max_size=60).map(lambda text: f"http://{text}"))
def test_any_text_is_a_url_or_one_sentence(url: str):
    with contextlib.suppress(CutroomError):
        target = parse(url)
        assert target.url.isascii()
        assert parse(target.url) == target


def test_redirects_are_parsed_like_first_addresses():
    target = parse("https://example.org/a/b")
    assert follow(target, "../c").url == "https://example.org/c"
    assert follow(target, "//other.example/x").url == "https://other.example/x"
    for location in ("file:///etc/passwd", "https://u:p@other.example/", "http://example.org/"):
        with pytest.raises(CutroomError):
            follow(target, location)
