"""One audio or video stream under inspection: payload invariants, decoding, and its timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
from av.codec.context import Flags

from cutroom.media.bitstreams import payload_check, restarts
from cutroom.media.containers.fault import Fault
from cutroom.media.log_capture import LogCapture

_DECODER = {"threads": "1", "err_detect": "crccheck+bitstream+buffer", "skip_loop_filter": "all"}
# Constant-rate MPEG-2 is padded with zeros, which its decoder calls a bitstream error when asked to look that closely.
_LENIENT = {**_DECODER, "err_detect": "crccheck+buffer"}
_SETTLING_SECONDS = 3.0
_GAP_SECONDS = 1.0
_INTRA_LIMIT = 600  # keyframes of an all-intra stream that are decoded before the check thins out to two a second
_TAIL_PACKETS = 150  # of the last group of pictures, kept to see whether it ends whole
_COMPLAINTS = 3  # log lines kept for each packet


# Codecs whose every packet is a picture, and how many pictures may be dropped because the stream begins with a cut.
_LEADING = {"h264": 0, "hevc": 4, "mpeg2video": 2, "mpeg1video": 2, "mjpeg": 0, "prores": 0, "dnxhd": 0, "ffv1": 0}


class StreamCheck:
    """Takes the packets of one stream in file order."""

    def __init__(self, stream: Any, *, container: str, everything: bool) -> None:
        context = stream.codec_context
        self._stream = stream
        self._index: int = stream.index
        self._video: bool = stream.type == "video"
        self._codec: str = context.codec.canonical_name
        self._tick = float(stream.time_base or 0)  # seconds; exact fractions would cost more than the checks
        self._origin = stream.start_time if stream.start_time is not None and container in ("mpegts", "mpegps") else 0
        self._payload = payload_check(self._codec, bytes(context.extradata or b""), container=container)
        self._still = bool(stream.disposition & stream.disposition.__class__.attached_pic)
        self._everything = everything and not self._still
        self._encrypted = context.codec_tag in ("encv", "enca", "drmi", "drms")
        self._decoder = None if self._encrypted else context
        if self._decoder is not None:
            self._decoder.options = {
                **self._decoder.options,
                **(_LENIENT if self._codec in ("mpeg1video", "mpeg2video") else _DECODER),
            }
            self._decoder.thread_count = 1
            self._decoder.flags |= Flags.output_corrupt
        self._begun = not self._video  # decoding starts at the first keyframe
        self._settled = not self._video  # complaints count once a second keyframe (or an IDR) was seen
        # A stream container cut between two packets looks whole; only its last picture shows that something is gone.
        self._keeps_tail = self._video and not everything and container in ("mpegts", "mpegps")
        self._tail: list[Any] = []
        self._packets = self._keyframes = self._bytes = self._frames = self._fed = 0
        self._decoded_at: float | None = None
        self._first: float | None = None
        self._previous_end: float | None = None
        self.last_seconds: float | None = None

    def facts(self) -> dict[str, Any]:
        """What was counted."""
        return {
            "index": self._index,
            "kind": "video" if self._video else "audio",
            "codec": self._codec,
            "packets": self._packets,
            "keyframes": self._keyframes,
            "bytes": self._bytes,
            "frames_decoded": self._frames,
            "first_seconds": self._first,
            "last_seconds": self.last_seconds,
        }

    def take(self, packet: Any, log: LogCapture) -> list[Fault]:
        """What is wrong with one packet."""
        self._packets += 1
        self._bytes += packet.size
        self._keyframes += bool(packet.is_keyframe)
        at, faults = self._clock(packet)
        data = bytes(packet)
        if packet.is_corrupt:
            faults.append(self._fault("read.corrupt-packet", "The container marks a packet as damaged", packet, at))
        if self._payload is not None and (problem := self._payload(data, packet.is_keyframe)) is not None:
            faults.append(self._fault(problem.code, f"A packet is damaged: {problem.message}", packet, at))
        if self._keeps_tail and packet.is_keyframe:
            # From another keyframe than an IDR picture H.264 may refer to what was before it.
            self._tail = [packet] if self._codec != "h264" or restarts(data, self._codec) else []
        elif self._tail:
            if len(self._tail) < _TAIL_PACKETS:
                self._tail.append(packet)
            else:
                self._tail = []
        if self._decoder is not None and self._wanted(packet, data, at):
            faults += self._decode(packet, at, log)
        return faults

    def finish(self, log: LogCapture) -> list[Fault]:
        """What shows when the decoder is emptied, and what never came."""
        faults: list[Fault] = []
        if self._decoder is not None and self._begun and self._packets and not self._standalone:
            faults += self._decode(None, self.last_seconds, log)
        if self._tail and self._begun and self._frames:
            faults += self._end(log)
        if self._video and self._packets and not self._begun:
            text = "No picture of the stream is marked as a keyframe, so none was decoded."
            faults.append(Fault(code="decode.no-keyframe", message=text, stream=self._index))
        elif self._decoder is not None and self._packets and not self._frames and not self._still:
            kind = "picture" if self._video else "sound"
            text = f"Nothing of the {kind} stream could be decoded."
            faults.append(Fault(code="decode.nothing", message=text, stream=self._index))
        lost = self._fed - self._frames
        # More than a quarter missing is another way of counting (fields, hidden frames), not loss.
        if self._everything and self._codec in _LEADING and _LEADING[self._codec] < lost < self._fed / 4:
            text = f"{lost} of {self._fed} pictures did not come out of the decoder."
            faults.append(Fault(code="decode.frames-missing", message=text, stream=self._index))
        if self._encrypted:
            text = "The stream is encrypted, so its content cannot be checked."
            faults.append(Fault(code="stream.encrypted", message=text, stream=self._index))
        return faults

    @property
    def _standalone(self) -> bool:
        """Keyframes are decoded one by one, with the decoder emptied between them."""
        return self._video and not self._everything

    def _clock(self, packet: Any) -> tuple[float | None, list[Fault]]:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None or not self._tick:
            return self.last_seconds, []
        at: float = (stamp - self._origin) * self._tick
        end = at + (packet.duration or 0) * self._tick
        faults = []
        if self._first is None:
            self._first = at
        if self._previous_end is not None and at - self._previous_end > _GAP_SECONDS and not self._still:
            kind = "picture" if self._video else "sound"
            text = f"There is no {kind} for {at - self._previous_end:.1f} s."
            faults.append(
                Fault(
                    code="timeline.gap",
                    message=text,
                    stream=self._index,
                    start_seconds=self._previous_end,
                    end_seconds=at,
                )
            )
        self._previous_end = end
        self.last_seconds = max(self.last_seconds or 0.0, end)
        return at, faults

    def _wanted(self, packet: Any, data: bytes, at: float | None) -> bool:
        """Whether this packet goes to the decoder."""
        if not self._video:
            return True
        if packet.is_keyframe:
            # A stream may begin in the middle of an open group of pictures, whose first frames refer to what was
            # never there; that is a cut, not damage.
            clean = self._packets == 1 and (self._codec not in ("h264", "hevc") or restarts(data, self._codec))
            self._settled = self._begun or clean
            self._begun = True
        elif not self._settled and at is not None and at - (self._first or 0.0) > _SETTLING_SECONDS:
            self._settled = self._begun
        if self._everything or not self._begun:
            return self._begun
        if not packet.is_keyframe:
            return False
        if self._keyframes > _INTRA_LIMIT and self._keyframes == self._packets:
            near = at is not None and self._decoded_at is not None and 0 <= at - self._decoded_at < 0.5
            if near:
                return False
        self._decoded_at = at
        return True

    def _decode(self, packet: Any, at: float | None, log: LogCapture) -> list[Fault]:
        faults: list[Fault] = []
        self._fed += packet is not None and not packet.is_discard
        try:
            for frame in self._frames_of(packet):
                self._frames += 1
                if self._video and frame.is_corrupt and self._settled:
                    timed = frame.pts is not None and bool(frame.time_base)
                    when = frame.time - self._origin * self._tick if timed else at
                    faults.append(self._fault("decode.corrupt-frame", "A frame is damaged", packet, when))
        except av.FFmpegError as error:
            if not isinstance(error, (av.EOFError, BlockingIOError)) and self._settled:
                reason = getattr(error, "strerror", None) or str(error)
                faults.append(self._fault("decode.failed", f"A packet cannot be decoded: {reason}", packet, at))
        for line in log.take()[:_COMPLAINTS]:
            if self._settled:
                text = f"The {line.source} decoder complains: {line.text}"
                faults.append(self._fault("decode.complaint", text, packet, at))
        return faults

    def _frames_of(self, packet: Any) -> Iterator[Any]:
        decoder = self._decoder
        assert decoder is not None
        yield from decoder.decode(packet)
        if self._standalone:
            # Emptied after every keyframe: otherwise the frames left out between two of them look like losses.
            yield from decoder.decode(None)
            decoder.flush_buffers()

    def _end(self, log: LogCapture) -> list[Fault]:
        """Decode the last group of pictures; only what its last two packets bring to light counts."""
        decoder, failed = self._decoder, False
        assert decoder is not None
        for number, packet in enumerate([*self._tail, None]):
            try:
                frames = decoder.decode(packet)
                failed = any(frame.is_corrupt for frame in frames)
            except av.FFmpegError as error:
                failed = not isinstance(error, (av.EOFError, BlockingIOError))
            if (log.take() or failed) and number >= len(self._tail) - 2:
                text = "The recording ends in the middle of a picture"
                return [self._fault("decode.cut-end", text, self._tail[-1], self.last_seconds)]
        return []

    def _fault(self, code: str, text: str, packet: Any, at: float | None) -> Fault:
        offset = packet.pos if packet is not None else None
        until = None
        if at is not None and packet is not None and packet.duration:
            until = at + packet.duration * self._tick
        return Fault(
            code=code,
            message=f"{text}.",
            stream=self._index,
            start_seconds=at,
            end_seconds=until,
            byte_offset=offset if offset is None or offset >= 0 else None,
        )
