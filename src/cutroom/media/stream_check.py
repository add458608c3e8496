"""One audio or video stream under inspection: payload invariants, decoding, and its timeline."""

from __future__ import annotations

import re
from array import array
from typing import Any

import av
import msgspec
from av.codec.context import Flags

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.bitstreams import payload_check, restarts
from cutroom.media.containers.fault import Fault
from cutroom.media.log_capture import LogCapture
from cutroom.media.timeline_check import holes, lost

_DECODER = {"threads": "1", "err_detect": "crccheck+bitstream+buffer", "skip_loop_filter": "all"}
# Constant-rate MPEG-2 is padded with zeros, which its decoder calls a bitstream error when asked to look that closely.
_LENIENT = {**_DECODER, "err_detect": "crccheck+buffer"}
_SETTLING_SECONDS = 3.0
_GAP_SECONDS = 1.0
# Keyframes are decoded one and all until so many pixels are reached, then so many seconds apart for each million
# pixels of the picture: in 1080p four of them, then one in ten seconds. Streams of keyframes only get more.
_KEYFRAMES_THEN_SECONDS = (8e6, 5.0)
_INTRA_THEN_SECONDS = (32e6, 1.0)
_CUT_IN_SECONDS = 1.0  # in which pictures may refer to what was before the recording, and are left out
_CUT_IN = 3  # packets of sound that may be the rest of one that began before the recording
_TAIL_PACKETS = 150  # of the last group of pictures, kept to see whether it ends whole
_COMPLAINTS = 3  # log lines kept for each packet


# Each packet is a picture by itself, and comes out of the decoder at once.
_INTRA = {
    "mjpeg", "prores", "dnxhd", "dvvideo", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "cfhd", "v210", "png",
    "jpeg2000",
}  # fmt: skip
# Codecs whose every packet is a picture, and how many pictures may be dropped because the stream begins with a cut.
# What a decoder says about a keyframe that may refer to pictures before it, when it is given the keyframe alone.
_ABOUT_OTHERS = re.compile(r"reference|mmco|co located|POC|first frame|number of ref", re.IGNORECASE)
_REFUSED = re.compile(r"get_buffer|(cannot|could not|failed to) allocate", re.IGNORECASE)
# What only the beginning of a recording or of a group of pictures holds.
_PARAMETERS = {
    "h264": re.compile(rb"\x00\x00\x01[\x27\x47\x67]"),
    "hevc": re.compile(rb"\x00\x00\x01\x42\x01"),
    "mpeg1video": re.compile(rb"\x00\x00\x01\xb3"),
    "mpeg2video": re.compile(rb"\x00\x00\x01\xb3"),
}
_LEADING = {"h264": 0, "hevc": 4, "mpeg2video": 2, "mpeg1video": 2, "mjpeg": 0, "prores": 0, "dnxhd": 0, "ffv1": 0}


class StreamCheck:
    """Takes the packets of one stream in file order."""

    def __init__(self, stream: Any, *, container: str, everything: bool, encrypted: bool = False) -> None:
        context = stream.codec_context
        self._stream = stream
        self._index: int = stream.index
        self._video: bool = stream.type == "video"
        self._codec: str = context.codec.canonical_name
        self._tick = float(stream.time_base or 0)  # seconds; exact fractions would cost more than the checks
        self._origin = stream.start_time if stream.start_time is not None and container in ("mpegts", "mpegps") else 0
        extradata = bytes(context.extradata or b"")
        self._payload = None if encrypted else payload_check(self._codec, extradata, container=container)
        self._still = bool(stream.disposition & stream.disposition.__class__.attached_pic)
        self._everything = everything and not self._still
        self._encrypted = encrypted
        self._decoder = None if self._encrypted else context
        if self._decoder is not None:
            self._decoder.options = {
                **self._decoder.options,
                **(_LENIENT if self._codec in ("mpeg1video", "mpeg2video") else _DECODER),
            }
            self._decoder.thread_count = 1
            self._decoder.flags |= Flags.output_corrupt
        self._begun = not self._video  # decoding starts at the first keyframe
        # A stream without an index may be cut anywhere: what its first and last packets lack is no damage.
        self._open_ended = container in ("mpegts", "mpegps")
        # Complaints count once a second keyframe (or an IDR) was seen, or a whole packet of sound.
        self._settled = not self._video and not self._open_ended
        self._whole = False  # the stream begins with its parameters
        self._held: list[Fault] = []  # of the newest packet, which may be the last
        self._drains = self._codec not in _INTRA
        self._size = (context.width or 0) * (context.height or 0) if self._video else 0
        # A stream container cut between two packets looks whole; only its last picture shows that something is gone.
        self._keeps_tail = self._video and not everything and self._open_ended
        self._tail: list[Any] = []
        self._packets = self._keyframes = self._bytes = self._frames = self._fed = 0
        self._decoded_at: float | None = None
        self.times = array("q")  # presentation times of pictures, decoding times of sound, in ticks
        self._timed = True
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

    @property
    def sound(self) -> tuple[float, array[int]] | None:
        """Seconds a tick and the packet times of a stream of sound."""
        return None if self._video else (self._tick, self.times)

    def take(self, packet: Any, log: LogCapture) -> list[Fault]:
        """What is wrong with one packet; of a stream that may end anywhere, with the one before it."""
        key = bool(packet.is_keyframe)
        self._packets += 1
        self._bytes += packet.size
        self._keyframes += key
        at, faults = self._clock(packet)
        data = bytes(packet)
        wanted = self._decoder is not None and self._wanted(key, data, at)
        found: list[Fault] = []
        if packet.is_corrupt:
            found.append(self._fault("read.corrupt-packet", "The container marks a packet as damaged", packet, at))
        if self._payload is not None and (problem := self._payload(data, key)) is not None:
            found.append(self._fault(problem.code, f"A packet is damaged: {problem.message}", packet, at))
        if self._keeps_tail:
            self._keep(packet, data, key)
        if wanted:
            found += self._decode(packet, at, log, restarting=key)
        if self._packets == 1 and self._open_ended and self._codec in _PARAMETERS:
            self._whole = _PARAMETERS[self._codec].search(data) is not None
        if not self._open_ended:
            return faults + found if found else faults
        return faults + self._hold(found)

    def _hold(self, found: list[Fault]) -> list[Fault]:
        """The faults of the packet before, once this one shows that it was not the last."""
        if self._video:
            found = found if self._begun or self._whole else []
        elif not self._settled:
            self._settled = not found or self._packets > _CUT_IN
            found = [] if not self._settled else found
        released, self._held = self._held, found
        return released

    def _keep(self, packet: Any, data: bytes, key: bool) -> None:
        """Remember the last group of pictures."""
        if key:
            # From another keyframe than an IDR picture H.264 may refer to what was before it.
            self._tail = [packet] if self._codec != "h264" or restarts(data, self._codec) else []
        elif self._tail:
            if len(self._tail) < _TAIL_PACKETS:
                self._tail.append(packet)
            else:
                self._tail = []

    def finish(self, log: LogCapture) -> list[Fault]:
        """What shows when the decoder is emptied, and what never came."""
        faults: list[Fault] = []
        if self._decoder is not None and self._begun and self._packets and not self._standalone:
            faults += self._decode(None, self.last_seconds, log)
        if self._held and self._packets > 1:
            text = "The recording ends in the middle of a packet"
            faults = [msgspec.structs.replace(self._held[0], code="decode.cut-end", message=f"{text}.")]
        if self._tail and self._begun and self._frames and not faults:
            faults += self._end(log)
        if self._video and self._packets and not self._begun:
            text = "No picture of the stream is marked as a keyframe, so none was decoded."
            faults.append(Fault(code="decode.no-keyframe", message=text, stream=self._index))
        elif self._decoder is not None and self._fed and not self._frames and not self._still:
            kind = "picture" if self._video else "sound"
            text = f"Nothing of the {kind} stream could be decoded."
            faults.append(Fault(code="decode.nothing", message=text, stream=self._index))
        lost = self._fed - self._frames
        # More than a quarter missing is another way of counting (fields, hidden frames), not loss.
        if self._everything and self._codec in _LEADING and _LEADING[self._codec] < lost < self._fed / 4:
            text = f"{lost} of {self._fed} pictures did not come out of the decoder."
            faults.append(Fault(code="decode.frames-missing", message=text, stream=self._index))
        return faults

    @property
    def _standalone(self) -> bool:
        """Keyframes are decoded one by one, with the decoder emptied between them."""
        return self._video and not self._everything

    def _clock(self, packet: Any) -> tuple[float | None, list[Fault]]:
        dts, pts = packet.dts, packet.pts
        stamp = pts if dts is None else dts
        if (kept := pts if self._video else stamp) is not None:
            self.times.append(kept)
        else:
            self._timed = False
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

    def _wanted(self, key: bool, data: bytes, at: float | None) -> bool:
        """Whether this packet goes to the decoder."""
        if not self._video:
            return True
        if key:
            # A stream may begin in the middle of an open group of pictures, whose first frames refer to what was
            # never there; that is a cut, not damage.
            clean = self._packets == 1 and (self._codec not in ("h264", "hevc") or restarts(data, self._codec))
            self._settled = self._begun or clean
            self._begun = True
        elif not self._settled and at is not None and at - (self._first or 0.0) > _SETTLING_SECONDS:
            self._settled = self._begun
        if self._everything or not self._begun:
            return self._begun
        if not key:
            return False
        pixels, apart = _INTRA_THEN_SECONDS if self._keyframes == self._packets else _KEYFRAMES_THEN_SECONDS
        if self._fed * self._size > pixels and at is not None and self._decoded_at is not None:
            near = 0 <= at - self._decoded_at < apart * self._size / 1e6
            if near:
                return False
        self._decoded_at = at
        return True

    def _decode(self, packet: Any, at: float | None, log: LogCapture, *, restarting: bool = False) -> list[Fault]:
        faults: list[Fault] = []
        self._fed += packet is not None and not packet.is_discard
        try:
            for frame in self._frames_of(packet):
                self._frames += 1
                if self._video and frame.is_corrupt and self._settled:
                    timed = frame.pts is not None and bool(frame.time_base)
                    when = frame.time - self._origin * self._tick if timed else at
                    faults.append(self._fault("decode.corrupt-frame", "A frame is damaged", packet, when))
        except MemoryError as error:
            raise out_of_memory() from error
        except av.FFmpegError as error:
            if not isinstance(error, (av.EOFError, BlockingIOError)) and self._counts:
                reason = getattr(error, "strerror", None) or str(error)
                faults.append(self._fault("decode.failed", f"A packet cannot be decoded: {reason}", packet, at))
        for line in log.take()[:_COMPLAINTS]:
            if _REFUSED.search(line.text) and not has_room(self._size):
                raise out_of_memory()
            if self._counts and not (self._standalone and restarting and _ABOUT_OTHERS.search(line.text)):
                text = f"The {line.source} decoder complains: {line.text}"
                faults.append(self._fault("decode.complaint", text, packet, at))
        return faults

    @property
    def _counts(self) -> bool:
        """Whether the decoder's complaints say something; about sound `_hold` decides that."""
        return self._settled or not self._video

    def _frames_of(self, packet: Any) -> list[Any]:
        decoder = self._decoder
        assert decoder is not None
        frames: list[Any] = decoder.decode(packet)
        if self._standalone and self._drains:
            # Emptied after every keyframe: otherwise the frames left out between two of them look like losses.
            frames += decoder.decode(None)
            decoder.flush_buffers()
        return frames

    def _end(self, log: LogCapture) -> list[Fault]:
        """Decode the last group of pictures; only what its last two packets bring to light counts."""
        decoder, failed = self._decoder, False
        assert decoder is not None
        for number, packet in enumerate([*self._tail, None]):
            try:
                frames = decoder.decode(packet)
                failed = any(frame.is_corrupt for frame in frames)
            except MemoryError as error:
                raise out_of_memory() from error
            except av.FFmpegError as error:
                failed = not isinstance(error, (av.EOFError, BlockingIOError))
            if (log.take() or failed) and number >= len(self._tail) - 2:
                text = "The recording ends in the middle of a picture"
                return [self._fault("decode.cut-end", text, self._tail[-1], self.last_seconds)]
        return []

    def missing(self, sounds: list[tuple[float, array[int]]]) -> list[Fault]:
        """Holes in the rhythm of the pictures that `sounds` goes on beside."""
        if not self._video or self._still or not self._timed or not self._tick:
            return []
        faults = []
        for hole in holes(self.times):
            cut_in = self._open_ended and (hole.start - self.times[0]) * self._tick < _CUT_IN_SECONDS
            if not cut_in and lost(hole, self._tick, sounds):
                start, end = ((at - self._origin) * self._tick for at in (hole.start, hole.end))
                text = f"{hole.missing} of the pictures that an even rhythm needs are missing."
                faults.append(
                    Fault(
                        code="timeline.pictures-missing",
                        message=text,
                        stream=self._index,
                        start_seconds=start,
                        end_seconds=end,
                    )
                )
        return faults

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


def out_of_memory() -> CutroomError:
    """The error of a decoder that was refused memory, which says nothing about the file."""
    message = "Decoding needs more memory than one file is given."
    return CutroomError("process.out-of-memory", message, kind=ErrorKind.FAILED)


def has_room(pixels: int) -> bool:
    """Whether another picture would fit: some decoders report a refusal as if the file were broken."""
    try:
        bytearray((1 << 20) + pixels * 6)
    except MemoryError:
        return False
    return True
