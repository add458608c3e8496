"""Where settings come from, which of them wins, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutroom.bootstrap.settings import load
from cutroom.core.errors import CutroomError


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUTROOM_DATA", "CUTROOM_CONFIG", "CUTROOM_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_follow_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = load()
    assert settings.data == tmp_path / "cutroom"
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8400)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cutroom.toml").write_text("[server]\nport = 9000\nhost = '::1'\n[media]\nladder = 'full'\n")
    monkeypatch.setenv("CUTROOM_SERVER_PORT", "9001")
    monkeypatch.setenv("CUTROOM_SERVER_ALLOWED_HOSTS", "nas.lan, video.example")
    settings = load(tmp_path)
    assert (settings.server.port, settings.server.host, settings.media.ladder) == (9001, "::1", "full")
    assert settings.server.allowed_hosts == ("nas.lan", "video.example")


def test_the_data_directory_of_the_command_line_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTROOM_DATA", str(tmp_path / "environment"))
    assert load().data == tmp_path / "environment"
    assert load(tmp_path / "asked").data == tmp_path / "asked"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[server]\nport = 'x'\n", "settings.invalid", "server.port"),
        ("[server]\nprot = 1\n", "settings.invalid", "server.prot"),
        ("[media]\nladder = 'best'\n", "settings.invalid", "media.ladder"),
        ("[server\n", "settings.unreadable", "cutroom.toml"),
    ],
)
def test_one_sentence_about_a_wrong_file(tmp_path: Path, text: str, code: str, said: str) -> None:
    (tmp_path / "cutroom.toml").write_text(text)
    with pytest.raises(CutroomError) as caught:
        load(tmp_path)
    assert caught.value.code == code
    assert said in caught.value.message


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTROOM_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(CutroomError, match="There is no settings file"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["[sever]\nport = 1\n", "port = 1\n"])
def test_a_group_that_does_not_exist_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "cutroom.toml").write_text(text)
    with pytest.raises(CutroomError) as error:
        load(tmp_path)
    assert error.value.code == "settings.invalid"
