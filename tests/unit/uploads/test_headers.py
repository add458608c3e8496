"""The protocol's headers: what is allowed comes back, and whatever else is refused in one sentence."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.core.ids import new_id
from cutroom.uploads import headers
from cutroom.uploads.models import Part

BASE = "/api/uploads/tus"
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=20)


@given(st.dictionaries(KEYS, st.text(max_size=50).filter(lambda text: text.isprintable()), max_size=8))
def test_metadata_comes_back(pairs: dict[str, str]) -> None:
    coded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".rstrip() for key, value in pairs.items())
    assert headers.metadata(coded) == pairs


@given(st.text(max_size=200))
def test_any_other_text_is_refused_or_read(text: str) -> None:
    for parse in (
        headers.metadata,
        headers.checksum,
        lambda value: headers.concat(value, BASE),
        lambda value: headers.number("Upload-Offset", value),
    ):
        assert outcome(parse, text) in ("read", "uploads.bad-header")


def outcome(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except CutroomError as error:
        return error.code
    return "read"


@given(st.integers(min_value=0, max_value=(1 << 63) - 1))
def test_numbers(value: int) -> None:
    assert headers.number("Upload-Length", str(value)) == value


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "", " 1", "٣", "1e3", "0x10", "9" * 19, "9" * 400])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(CutroomError):
        headers.number("Upload-Length", text)


@given(st.sampled_from(headers.ALGORITHMS), st.binary(max_size=100))
def test_checksums(algorithm: str, content: bytes) -> None:
    digest = hashlib.new(algorithm, content).digest()
    found = headers.checksum(f"{algorithm} {base64.b64encode(digest).decode()}")
    assert (found.algorithm, found.digest) == (algorithm, digest)
    with pytest.raises(CutroomError):
        headers.checksum(f"{algorithm} {base64.b64encode(digest[:-1]).decode()}")


def test_concatenation_names_uploads_of_this_server_only() -> None:
    one, two = new_id("upl"), new_id("upl")
    assert headers.concat(None, BASE) == (Part.WHOLE, ())
    assert headers.concat("partial", BASE) == (Part.PARTIAL, ())
    both = (Part.FINAL, (one, two))
    assert headers.concat(f"final;{BASE}/{one} https://any.example{BASE}/{two}", BASE) == both
    for bad in ("final;", f"final;{BASE}/../x", f"final;/elsewhere/{one}", f"final;{BASE}/{one} {BASE}/{one}", "no"):
        with pytest.raises(CutroomError):
            headers.concat(bad, BASE)
