from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.library.cursor import from_cursor, to_cursor


@given(st.one_of(st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False), st.text()))
def test_what_goes_in_comes_out(key: float | str) -> None:
    cursor = to_cursor(key, "vid_1")
    assert from_cursor(cursor, type(key)) == (key, "vid_1")
    assert cursor.isascii()


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(CutroomError, match="not the cursor"):
        from_cursor(to_cursor("name", "vid_1"), int)
