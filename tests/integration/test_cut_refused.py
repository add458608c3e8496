"""Bad input and failing disks: one sentence with a code, the old file kept, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.clips.work import cut_between, cut_clip
from cutroom.core.errors import CutroomError
from cutroom.media.sample import make_footage


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("refused") / "source.mp4"
    make_footage(path, seconds=2, rate=Fraction(25), width=160, height=90, kind="barcode", gop=10)
    return path


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": "10f", "end": "10f"}, "clip.range-empty"), ({"start": "1.5", "end": "1"}, "clip.range-empty"),
        ({"end": "51f"}, "clip.range-outside"), ({"end": "1:00:00"}, "clip.range-outside"),
        ({"start": "60f", "end": "70f"}, "clip.range-outside"), ({"end": "soon"}, "timecode.unreadable"),
        ({"padding": "nan"}, "clip.padding"), ({"padding": "-1"}, "clip.padding"), ({"mode": "fast"}, "clip.mode"),
        ({"output": "no/such/clip.mp4"}, "clip.no-folder"), ({"output": "clip.avi"}, "clip.container"),
        ({"output": "."}, "clip.container"), ({"source": "nothing.mp4"}, "media.not-found"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_is_refused(source: Path, tmp_path: Path, change: dict[str, str], code: str) -> None:
    arguments = {"source": str(source), "output": "clip.mp4", "start": "5f", "end": "20f", **change}
    arguments["output"] = str(tmp_path / arguments["output"])
    with pytest.raises(CutroomError) as failure:
        cut_between(report=lambda done: None, **arguments)
    assert failure.value.code == code
    assert failure.value.message.endswith((".", "!"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("text.mp4", b"this is no video\n" * 99, "media.not-video"), ("empty.mp4", b"", "media.empty")],
)
def test_what_is_no_video_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CutroomError) as failure:
        cut_clip(
            report=lambda done: None,
            source=str(tmp_path / name),
            output=str(tmp_path / "c.mp4"),
            in_frame=0,
            out_frame=9,
        )
    assert failure.value.code == code
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_sound_alone_has_no_frames(source: Path, tmp_path: Path) -> None:
    import av

    sound = tmp_path / "sound.m4a"
    with av.open(str(source)) as given, av.open(str(sound), "w", format="mp4") as made:
        track = made.add_stream_from_template(given.streams.audio[0], opaque=True)
        for packet in given.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                made.mux(packet)
    with pytest.raises(CutroomError) as failure:
        cut_clip(report=lambda done: None, source=str(sound), output=str(tmp_path / "c.mp4"), in_frame=0, out_frame=9)
    assert failure.value.code == "clip.no-video"


def test_the_source_is_never_written_over(source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(source)
    before = source.read_bytes()
    for output in (source, link):
        with pytest.raises(CutroomError) as failure:
            cut_clip(report=lambda done: None, source=str(source), output=str(output), in_frame=0, out_frame=9)
        assert failure.value.code == "clip.same-file"
    assert source.read_bytes() == before


@pytest.mark.parametrize("mode", ["copy", "smart", "exact"])
@pytest.mark.parametrize("room", [0, 1000, 9000])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(source: Path, tmp_path: Path, mode: str, room: int) -> None:
    output = tmp_path / "clip.mp4"
    output.write_bytes(b"the old clip")
    code = (
        "import sys\nfrom cutroom.clips.work import cut_clip\n"
        "source, output, mode = sys.argv[1:]\n"
        "try:\n    cut_clip(report=print, source=source, output=output, in_frame=5, out_frame=45, mode=mode)\n"
        "except Exception as error:\n    print(error.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(output), mode],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: _small_files_only(room),
    )
    assert done.stdout.split()[-1] == "clip.no-space", done.stderr
    assert output.read_bytes() == b"the old clip"
    assert list(tmp_path.iterdir()) == [output]


def _small_files_only(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_the_command_prints_json_and_one_sentence_otherwise(source: Path, tmp_path: Path) -> None:
    output = tmp_path / 'it\'s "odd" \n 🎬.mp4'
    done = command(source, "--in", "00:00:00:05", "--out", "1.2", "-o", str(output), "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert (answer["path"], answer["in_frame"], answer["out_frame"], answer["frames"]) == (str(output), 5, 30, 25)
    assert (answer["mode_asked"], answer["mode_used"], answer["frame_rate"]) == ("smart", "smart", "25")
    assert output.exists()
    failed = command(source, "--in", "5f", "--out", "5f", "-o", str(output), "--json")
    assert failed.returncode == 2
    assert json.loads(failed.stderr)["error"]["code"] == "clip.range-empty"
    spoken = command(source, "--in", "5f", "--out", "500f", "-o", str(output))
    assert spoken.returncode == 2
    assert "[clip.range-outside]" in spoken.stderr
    assert "Traceback" not in spoken.stderr
    assert [path for path in tmp_path.iterdir() if path != output] == []


def command(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "cutroom", "clip", str(source), *arguments]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(line, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("mode", ["copy", "smart", "exact"])
def test_a_damaged_middle_is_cut_around_or_refused(tmp_path: Path, codec: str, mode: str) -> None:
    whole, source, output = tmp_path / "whole.mkv", tmp_path / "source.mkv", tmp_path / "clip.mp4"
    make_footage(whole, seconds=2, rate=Fraction(25), width=160, height=90, gop=10, codec=codec, audio=None)
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    source.write_bytes(data)
    arguments = {"report": lambda done: None, "source": str(source), "output": str(output), "mode": mode}
    refused = None
    try:
        answer = cut_clip(in_frame=3, out_frame=35, **arguments)
    except CutroomError as error:
        refused = error
    if refused is not None:
        assert refused.code in ("clip.range-outside", "clip.incomplete", "media.damaged")
        assert not output.exists()
    else:
        assert output.exists()
        assert 0 < answer.frames <= 32 + 10
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("mode", ["copy", "smart", "exact"])
def test_a_file_of_one_frame_is_a_clip_of_one_frame(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "one.mp4"
    make_footage(source, seconds=Fraction(1, 25), rate=Fraction(25), width=160, height=90, audio=None)
    output = str(tmp_path / "c.mp4")
    answer = cut_clip(
        report=lambda done: None, source=str(source), output=output, in_frame=0, out_frame=1, mode=mode, padding="9"
    )
    assert (answer.mode_used, answer.frames, answer.in_frame, answer.out_frame) == (mode, 1, 0, 1)


def test_a_file_without_an_index_is_refused(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(CutroomError) as failure:
        cut_clip(
            report=lambda done: None, source=str(headless), output=str(tmp_path / "c.mp4"), in_frame=0, out_frame=9
        )
    assert failure.value.code == "media.damaged"
    assert not (tmp_path / "c.mp4").exists()


@pytest.mark.parametrize("mode", ["copy", "smart", "exact"])
def test_a_source_that_changes_midway_is_given_up(source: Path, tmp_path: Path, mode: str) -> None:
    moving = tmp_path / "moving.mp4"
    moving.write_bytes(source.read_bytes())

    def meddle(done: dict[str, object]) -> None:
        if done["stage"] == "cutting":
            os.truncate(moving, 100)

    with pytest.raises(CutroomError) as failure:
        cut_clip(report=meddle, source=str(moving), output=str(tmp_path / "c.mp4"), in_frame=3, out_frame=47, mode=mode)
    assert failure.value.code.startswith(("media.", "clip."))
    assert [path.name for path in tmp_path.iterdir()] == ["moving.mp4"]


def test_an_interrupted_command_leaves_nothing(tmp_path: Path) -> None:
    source, folder = tmp_path / "long.mp4", tmp_path / "out"
    folder.mkdir()
    make_footage(source, seconds=60, rate=Fraction(25), width=640, height=360, kind="barcode", audio=None)
    line = [sys.executable, "-m", "cutroom", "clip", str(source), "--in", "1f", "--out", "1499f", "--mode", "exact"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # A shell that runs the tests in the background has them ignore SIGINT, and a child would inherit that.
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    line += ["-o", str(folder / "clip.mp4")]
    with subprocess.Popen(line, env=env, stderr=subprocess.PIPE, **heed) as running:
        deadline = time.monotonic() + 20
        while not list(folder.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    assert list(folder.iterdir()) == []
