"""Reading a page: which frame the player says it shows, and which frame its pixels are."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from cutroom.media.sample import read_barcode

_PIXELS = """() => {
  const video = document.querySelector('[data-testid=video]');
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return canvas.toDataURL('image/png').split(',')[1];
}"""


def open_player(page: Any, video_id: str) -> int:
    """Open the watch page of a video and wait for its first picture; the number of its frames."""
    page.goto(f"/videos/{video_id}")
    page.locator("[data-testid=readout][data-ready=true]").wait_for(timeout=60_000)
    return int(page.get_by_test_id("readout").get_attribute("data-frames"))


def wait_for_frame(page: Any, frame: int) -> None:
    page.locator(f'[data-testid=readout][data-frame="{frame}"]').wait_for(timeout=60_000)


def go_to(page: Any, frame: int) -> None:
    """Seek as a person does: G, the frame's number, Enter."""
    page.keyboard.press("g")
    page.get_by_test_id("goto").fill(f"{frame}f")
    page.keyboard.press("Enter")
    wait_for_frame(page, frame)


def frame_in_pixels(page: Any) -> int:
    """The number that the picture in the <video> carries."""
    png = base64.b64decode(page.evaluate(_PIXELS))
    return read_barcode(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")))


def frame_on_screen(page: Any) -> int:
    """The number in a screenshot: what a person sees, scaled to the page."""
    png = page.get_by_test_id("video").screenshot()
    return read_barcode(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")))
