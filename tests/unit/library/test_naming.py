from hypothesis import given
from hypothesis import strategies as st

from cutroom.library.naming import object_name
from cutroom.storage.port import check_key


@given(st.text(max_size=400))
def test_any_name_becomes_a_part_of_a_key(name: str) -> None:
    made = object_name(name)
    assert check_key(f"originals/vid_1/{made}")
    assert 0 < len(made.encode()) <= 200


def test_extensions_and_letters_stay() -> None:
    assert object_name('Übung "1/2".mp4') == "Übung _1_2_.mp4"
    assert object_name("../../etc/passwd") == "_._etc_passwd"
    assert object_name("a" * 300 + ".mov") == "a" * 196 + ".mov"
    assert object_name("...") == "video"
