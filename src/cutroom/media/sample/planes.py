"""The planes of a 4:2:0 frame as arrays that write through to it."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]


def frame_planes(frame: av.VideoFrame) -> Planes:
    """Luma and the two chroma planes, height × width each: views, so change them in place."""
    luma, blue, red = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    return luma, blue, red
