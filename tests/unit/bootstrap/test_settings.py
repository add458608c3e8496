from pathlib import Path

import pytest

from cutroom.bootstrap.settings import load
from cutroom.core.errors import CutroomError


@pytest.mark.parametrize("text", ["[sever]\nport = 1\n", "[server]\nprot = 1\n", "port = 1\n"])
def test_a_misspelled_setting_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "cutroom.toml").write_text(text)
    with pytest.raises(CutroomError) as error:
        load(tmp_path)
    assert error.value.code == "settings.invalid"


def test_a_known_setting_is_taken(tmp_path: Path) -> None:
    (tmp_path / "cutroom.toml").write_text("[server]\nport = 1\n")
    assert load(tmp_path).server.port == 1
