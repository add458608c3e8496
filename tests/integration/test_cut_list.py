"""Lists of cuts: read from what editors write, cut out of a source that is read once."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.clips.lists import ListedCut, read_list
from cutroom.clips.work import cut_clips
from cutroom.core.errors import CutroomError
from cutroom.media.cut import index
from cutroom.media.cut.cutting import Ask, Delivery, cut_many
from cutroom.media.cut.pictures import Pictures, Point, Wanted
from cutroom.media.sample import make_footage

from .test_cut_hevc import decoded_here
from .test_cut_refused import command

EDL = """TITLE: Test
FCM: NON-DROP FRAME

001  AX       V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: source.mp4
002  AX       A     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00
003  AX       V     C        00:00:10:12 00:00:12:00 01:00:01:00 01:00:02:12
* FROM CLIP NAME: other.mp4
"""


def rational(value: float) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": value}


OTIO = {
    "OTIO_SCHEMA": "Timeline.1",
    "tracks": {
        "OTIO_SCHEMA": "Stack.1",
        "children": [
            {
                "OTIO_SCHEMA": "Track.1",
                "children": [
                    {
                        "OTIO_SCHEMA": "Clip.2",
                        "name": "one",
                        "source_range": {"start_time": rational(90025), "duration": rational(10)},
                        "media_references": {
                            "DEFAULT_MEDIA": {
                                "target_url": "file:///x/source.mp4",
                                "available_range": {"start_time": rational(90000), "duration": rational(50)},
                            }
                        },
                    },
                    {"OTIO_SCHEMA": "Gap.1"},
                ],
            }
        ],
    },
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("list") / "source.mp4"
    make_footage(path, seconds=2, rate=Fraction(25), width=160, height=90, kind="barcode", gop=10, audio=None)
    return path


@pytest.mark.parametrize(
    ("name", "content", "cuts"),
    [
        ("a.csv", "In;Out;Name\n1;1.5;A\n\n5f;9f;\n", [("1", "1.5", "A"), ("5f", "9f", None)]),
        ("a.edl", EDL, [("00:00:01:00", "00:00:02:00", "source")]),
        ("a.otio", json.dumps(OTIO), [("1.000000000", "1.400000000", "one")]),
    ],
)
def test_lists_are_read(
    source: Path, tmp_path: Path, name: str, content: str, cuts: list[tuple[str, str, str | None]]
) -> None:
    (tmp_path / name).write_text(content)
    found: list[ListedCut] = read_list(tmp_path / name, source)
    assert [(cut.start, cut.end, cut.name) for cut in found] == cuts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"in,out\n1,2\n"), ("a.csv", b""), ("a.csv", b"in,name\n1,a\n"), ("a.csv", b"\xff\xfe\x00"),
        ("a.edl", b"nothing"), ("a.otio", b"[" * 5000), ("a.otio", b"{}"), ("a.otio", b'{"tracks": 5}'),
        ("a.csv", b'in,out\n"1,2\n'),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_one_sentence(source: Path, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CutroomError) as failure:
        read_list(tmp_path / name, source)
    assert failure.value.code == "clip.list"


def test_a_source_is_read_once_for_many_cuts(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    whole = index.read_pictures

    def counted(path: Path, wanted: Wanted, **options: bool) -> Pictures:
        reads.append(path)
        return whole(path, wanted, **options)

    monkeypatch.setattr(index, "read_pictures", counted)
    ranges = [(5, 25), (12, 12), (30, 50), (0, 9)]
    asks = [
        Ask(output=tmp_path / f"{a}.mp4", start=Point(frame=a), end=Point(frame=b), mode="smart") for a, b in ranges
    ]
    done = list(cut_many(source, asks))
    assert [isinstance(one, Delivery) for one in done] == [True, False, True, True]
    assert reads.count(source) == 1
    for (first, last), one in zip(ranges, done, strict=True):
        if isinstance(one, Delivery):
            assert decoded_here(tmp_path / f"{first}.mp4") == list(range(first, last))


def test_a_job_of_several_cuts_has_an_outcome_for_each(source: Path, tmp_path: Path) -> None:
    told: list[float] = []
    cuts = [
        {"id": name, "output": str(tmp_path / f"{name}.mp4"), "in_frame": a, "out_frame": b, "mode": "copy",
         "padding": "0/1"}
        for name, a, b in (("good", 5, 20), ("far", 5, 500))
    ]  # fmt: skip
    outcomes = cut_clips(report=lambda done: told.append(done["fraction"]), source=str(source), cuts=cuts).outcomes
    assert outcomes["good"].answer is not None
    assert outcomes["far"].error is not None
    assert outcomes["far"].error.code == "clip.range-outside"
    assert told == sorted(told)
    with pytest.raises(CutroomError):
        cut_clips(report=lambda done: None, source=str(source), cuts=cuts[1:])


def test_the_command_cuts_a_list(source: Path, tmp_path: Path) -> None:
    (tmp_path / "cuts.csv").write_text('in,out,name\n5f,20f,A/B "x"\n30f,10f,wrong\n')
    done = command(source, "--list", str(tmp_path / "cuts.csv"), "-o", str(tmp_path / "out"), "--json")
    clips = json.loads(done.stdout)["clips"]
    assert done.returncode == 1
    assert (clips[0]["in_frame"], clips[0]["out_frame"], clips[0]["reencoded"][-1][1]) == (5, 20, 10)
    assert clips[1]["error"]["code"] == "clip.range-empty"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["001_A B x.mp4"]
    refused = command(source, "--list", str(tmp_path / "cuts.csv"), "--in", "1", "-o", str(tmp_path / "out"))
    assert refused.returncode == 2
