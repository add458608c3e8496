"""From a decoded frame to a picture of the tallest rung: deinterlaced, turned, square pixels, 8 bits, 4:2:0."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av.filter
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as NothingMore
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from cutroom.media.ladder.fragments import Colour
from cutroom.media.ladder.orientation import Orientation
from cutroom.media.ladder.plan import Rung
from cutroom.media.ladder.tonemap import HLG, PQ, cube

_UNSPECIFIED = 2
_BT709 = Colour(primaries=1, transfer=1, matrix=1)
_BT601_625 = Colour(primaries=5, transfer=6, matrix=5)
_BT601_525 = Colour(primaries=6, transfer=6, matrix=6)
_HD_LINES = 720


def colour_of(frame: VideoFrame) -> Colour:
    """How the ladder's pictures are tagged: as the source is, and by its size where it says nothing."""
    guess = _BT709 if max(frame.width, frame.height) > 1024 or frame.height >= _HD_LINES else _BT601_525
    if guess is _BT601_525 and frame.height in (576, 288):
        guess = _BT601_625
    if frame.format.is_rgb or frame.color_trc in (PQ, HLG):
        return _BT709
    return Colour(
        primaries=_known(frame.color_primaries, guess.primaries),
        transfer=_known(frame.color_trc, guess.transfer),
        matrix=_known(frame.colorspace, guess.matrix),
    )


def _known(value: int, otherwise: int) -> int:
    return otherwise if value in (0, _UNSPECIFIED) or value > 22 else value


class Preparer:
    """Makes pictures of one size out of frames that may change size, format or field order under way.

    Every frame that goes in comes out once, with the pts that it had.
    """

    def __init__(self, rung: Rung, orientation: Orientation, time_base: Fraction) -> None:
        self._rung = rung
        self._orientation = orientation
        self._time_base = time_base
        self._reformatter = VideoReformatter()
        self._graph: av.filter.Graph | None = None
        self._graph_input: tuple[int, int, str] | None = None
        self.deinterlaced = False
        self.tone_mapped = False
        self._waiting: deque[int | None] = deque()

    def feed(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Take a frame; yield the pictures that are done."""
        shape = (frame.width, frame.height, frame.format.name)
        turned_interlaced = frame.interlaced_frame and not self.deinterlaced
        if self._graph is not None and (shape != self._graph_input or turned_interlaced):
            yield from self.flush()
        self.deinterlaced = self.deinterlaced or frame.interlaced_frame
        hdr = frame.color_trc in (PQ, HLG)
        if not self.deinterlaced and not hdr and not self._orientation.filters:
            yield self._reformat(frame)
            return
        if self._graph is None:
            self._graph, self._graph_input = self._build(frame), shape
        self._waiting.append(frame.pts)
        self._graph.vpush(frame)
        yield from self._drain(self._graph)

    def flush(self) -> Iterator[VideoFrame]:
        """The pictures that are still inside."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.vpush(None)
            yield from self._drain(graph)

    def _reformat(self, frame: VideoFrame) -> VideoFrame:
        picture = self._reformatter.reformat(
            frame,
            width=self._rung.width,
            height=self._rung.height,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709 if frame.format.is_rgb else None,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBLIN,
            threads=1,
        )
        picture.pts, picture.time_base = frame.pts, self._time_base
        return picture

    def _build(self, frame: VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        sideways = self._orientation.quarter_turns % 2
        width, height = self._rung.width, self._rung.height
        size = f"{height}:{width}" if sideways else f"{width}:{height}"
        graph_input = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
        )
        nodes = [graph_input]
        if self.deinterlaced:
            nodes.append(graph.add("bwdif", "mode=send_frame:deint=interlaced"))
        levels = "pc" if frame.color_range == ColorRange.JPEG else "auto"
        scale = f"{size}:flags=bicublin:in_range={levels}"
        if frame.color_trc in (PQ, HLG):
            self.tone_mapped = True
            nodes += (
                graph.add("scale", f"{scale}:in_color_matrix=bt2020"),
                graph.add("format", "gbrp10le"),
                _look_up(graph, frame.color_trc),
                graph.add("scale", "out_color_matrix=bt709:out_range=tv"),
            )
        else:
            nodes.append(graph.add("scale", f"{scale}:out_range=tv"))
        nodes.append(graph.add("format", "yuv420p"))
        nodes += (graph.add(name, arguments or None) for name, arguments in self._orientation.filters)
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        return graph

    def _drain(self, graph: av.filter.Graph) -> Iterator[VideoFrame]:
        while True:
            try:
                picture = graph.vpull()
            except (NothingYet, NothingMore):
                return
            picture.pts, picture.time_base = self._waiting.popleft(), self._time_base
            yield picture


def _look_up(graph: av.filter.Graph, transfer: int) -> FilterContext:
    with tempfile.NamedTemporaryFile("w", suffix=".cube", prefix="cutroom-") as file:
        file.write(cube(transfer))
        file.flush()
        return graph.add("lut3d", file=file.name)  # read while the filter is made
