from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import CutroomError

numbers = st.integers(-(2**62), 2**62)


@given(numbers, st.text(), st.dictionaries(st.text(), numbers))
def test_what_goes_in_comes_out(number: int, text: str, question: dict[str, int]) -> None:
    cursor = to_cursor((number, text), of=question)
    assert from_cursor(cursor, tuple[int, str], of=question, code="test.cursor") == (number, text)
    assert cursor.isascii()


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused_with_its_code(text: str) -> None:
    with pytest.raises(CutroomError, match="not the cursor") as caught:
        from_cursor(text, tuple[int, str], of="list", code="test.cursor")
    assert caught.value.code == "test.cursor"


@pytest.mark.parametrize("of", ["another list", ["list", 2], None])
def test_a_cursor_of_another_question_is_refused(of: object) -> None:
    cursor = to_cursor((1, "vid_1"), of="list")
    with pytest.raises(CutroomError, match="not the cursor"):
        from_cursor(cursor, tuple[int, str], of=of, code="test.cursor")


@given(st.integers(0, 30), st.integers(1, 63))
def test_an_altered_cursor_is_refused(place: int, by: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    cursor = to_cursor((123456, "vid_1"), of="list")
    place %= len(cursor) - 1  # the last letter has bits that mean nothing
    other = letters[(letters.index(cursor[place]) + by) % 64]
    with pytest.raises(CutroomError, match="not the cursor"):
        from_cursor(cursor[:place] + other + cursor[place + 1 :], tuple[int, str], of="list", code="test.cursor")
