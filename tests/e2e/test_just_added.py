"""A long file that was added a moment ago plays from any place, long before its ladder is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from screen import frame_in_pixels, go_to, open_player

ROUNDS = 120


@pytest.fixture
def long_footage(numbered: Callable[..., Path], tmp_path: Path) -> tuple[Path, int]:
    """Numbered footage again and again, 22 minutes, and how many frames one round has."""
    once = numbered("25")
    path = tmp_path / "a long recording.mp4"
    with av.open(str(path), "w") as output:
        last: dict[int, int] = {}
        for number in range(ROUNDS):
            with av.open(str(once)) as container:
                streams = [container.streams.video[0], container.streams.audio[0]]
                if number == 0:
                    targets = {stream.index: output.add_stream_from_template(stream) for stream in streams}
                    frames = streams[0].frames
                for packet in container.demux(streams):
                    source = packet.stream
                    shift = round(number * frames / 25 / source.time_base)
                    # The last packet of sound reaches into the next round.
                    if packet.dts is None or packet.dts + shift <= last.get(source.index, -(1 << 40)):
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    last[source.index] = packet.dts
                    packet.stream = targets[source.index]
                    output.mux(packet)
    return path, frames


def test_a_file_just_added_plays_from_far_inside(page: Any, api: Any, long_footage: tuple[Path, int]) -> None:
    path, frames = long_footage
    video_id = api.add(path)
    total = open_player(page, video_id)
    assert total == ROUNDS * frames
    goal = int(total * 0.9)
    go_to(page, goal)
    assert frame_in_pixels(page) == goal % frames
    assert api.get(f"/api/videos/{video_id}")["proxy_state"] != "ready"
    page.keyboard.press("Space")
    page.wait_for_function(
        f"() => Number(document.querySelector('[data-testid=readout]').dataset.frame) > {goal + 12}",
        timeout=60_000,
    )
    page.keyboard.press("k")
    api.post(f"/api/jobs/{proxy_job(api, video_id)}/cancel")  # nobody needs the rest of it


def proxy_job(api: Any, video_id: str) -> str:
    found = api.get(f"/api/jobs?subject={video_id}&kind=proxy")["items"]
    return str(found[0]["id"])
