"""The one safe open: what is no footage is one error, and no file makes another one be read."""

import os
from pathlib import Path

import av
import pytest
from PIL import Image

from cutroom.core.errors import CutroomError
from cutroom.media.sample import make_footage
from cutroom.media.source import open_source, packets, reading


def code_of(path: Path, **options: int) -> str:
    with pytest.raises(CutroomError) as caught, open_source(path, **options):
        pass
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "clip.mp4"
    make_footage(path, seconds=1, width=160, height=96, kind="barcode", audio=None)
    return path


def test_disguised_playlists_and_scripts_open_nothing(tmp_path: Path, footage: Path) -> None:
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{footage}\n#EXT-X-ENDLIST\n")
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile '{footage}'\n")
    manifest = tmp_path / "manifest.mkv"
    manifest.write_text(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        f"<Representation><BaseURL>{footage}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )
    for path in (playlist, script, manifest):
        assert code_of(path) == "media.not-video"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    assert code_of(tmp_path / "pipe.mp4") == "media.not-a-file"
    assert code_of(tmp_path / "folder.mp4") == "media.not-a-file"
    assert code_of(Path("/dev/zero")) == "media.not-a-file"
    assert code_of(tmp_path / "loop.mp4") == "media.not-found"
    assert code_of(tmp_path / "nothing\nhere.mp4") == "media.not-found"
    assert code_of(tmp_path / ("x" * 300)) == "media.not-found"
    assert code_of(Path("a\0b")) == "media.not-found"


def test_what_is_no_video_says_so(tmp_path: Path, footage: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("Dear all, " * 500)
    (tmp_path / "noise.mp4").write_bytes(os.urandom(5000).replace(b"\x47", b"x"))
    for name in ("still.png", "still.jpg", "still.avif", "still.webp"):
        Image.new("RGB", (32, 32)).save(tmp_path / name)
        assert code_of(tmp_path / name) == "media.not-video"
    assert code_of(tmp_path / "empty.mp4") == "media.empty"
    assert code_of(tmp_path / "text.mp4") == "media.not-video"
    assert code_of(tmp_path / "noise.mp4") == "media.not-video"


def test_a_broken_container_is_told_from_no_container(tmp_path: Path, footage: Path) -> None:
    whole = footage.read_bytes()
    for length in (40, 200, len(whole) // 2):  # the index of this file is at its end
        cut = tmp_path / f"cut-{length}.mp4"
        cut.write_bytes(whole[:length])
        assert code_of(cut) == "media.damaged"


def test_names_that_look_like_something_else_are_only_names(tmp_path: Path, footage: Path) -> None:
    for name in ("concat:a|b.mp4", "two\nlines 🎬.mp4", "-i.mp4", "%03d.mp4", "file:x.mp4"):
        path = tmp_path / name
        path.write_bytes(footage.read_bytes())
        with open_source(path) as container:
            assert container.streams.video[0].frames == 30


def test_a_picture_beyond_the_bound_is_refused(tmp_path: Path, footage: Path) -> None:
    assert code_of(footage, max_pixels=100 * 100) == "media.too-large"
    stills = tmp_path / "stills.avi"  # whose decoder forgets the size that it refused
    with av.open(str(stills), "w") as output:
        video = output.add_stream("mjpeg", rate=5)
        video.width, video.height, video.pix_fmt = 640, 480, "yuvj420p"
        output.mux(video.encode(av.VideoFrame(640, 480, "yuvj420p")))
        output.mux(video.encode(None))
    assert code_of(stills, max_pixels=100 * 100) == "media.too-large"
    with open_source(stills) as container:
        assert container.streams.video[0].width == 640


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path, footage: Path) -> None:
    path = tmp_path / "growing.mp4"
    path.write_bytes(footage.read_bytes())
    with pytest.raises(CutroomError) as caught, open_source(path), path.open("ab") as file:
        file.write(b"more")
    assert caught.value.code == "media.changed"


def test_errors_while_reading_become_one_error(footage: Path) -> None:
    with pytest.raises(CutroomError) as caught, reading(footage):
        raise av.error.InvalidDataError(1, "Invalid data found")
    assert caught.value.code == "media.damaged"


def test_a_stream_that_appears_late_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "late.ts"
    make_footage(path, seconds=1, width=160, height=96, kind="barcode", audio="tone")
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 188):  # sound goes on under another id
        if data[at + 1] & 0x1F == 0x01 and data[at + 2] == 0x01 and at > len(data) // 2:
            data[at + 2] = 0x02
    path.write_bytes(data)
    with open_source(path) as container:
        found = list(packets(container, container.streams.video[0]))
    assert sum(packet.size > 0 for packet in found) == 30
