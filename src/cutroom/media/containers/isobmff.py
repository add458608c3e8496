"""MP4 and MOV: the chain of top-level boxes, and the order of checks below it."""

from __future__ import annotations

import re

from cutroom.media.containers import isobmff_fragments, isobmff_tables
from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure
from cutroom.media.containers.isobmff_boxes import Box, Extent, children, read_box

_TOP = {
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"prft",
    b"meta", b"pdin", b"emsg", b"udta", b"pnot", b"PICT", b"junk", b"imda", b"mere", b"meco", b"ID32", b"pict",
}  # fmt: skip
_PLAUSIBLE = re.compile(rb"[\x20-\x7e\xa9]{4}")
_MOOV_LIMIT = 128 << 20
_MARKS = (b"moov", b"moof", b"mdat", b"mfra", b"free")


class _Walk:
    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.boxes: list[Box] = []
        self.damaged_chain = False

    def fault(self, code: str, message: str, offset: int) -> None:
        self.faults.append(Fault(code=code, message=message, byte_offset=offset))


def check(file: ByteFile) -> Structure:
    """Walk the boxes; then check the movie header, the sample tables against the data, and every fragment."""
    walk = _Walk(file)
    _top_level(walk)
    kinds = {box.type for box in walk.boxes}
    moov = next((box for box in walk.boxes if box.type == b"moov"), None)
    if moov is None:
        what = "was never finished or is cut off" if b"mdat" in kinds or walk.faults else "holds no movie"
        walk.fault("mp4.moov-missing", f"The index of the film (the moov box) is missing: the file {what}.", file.size)
        return Structure(format="mp4", faults=walk.faults)
    if moov.end > file.size:
        walk.fault("mp4.moov-cut", "The index of the film (the moov box) is cut off.", moov.start)
        return Structure(format="mp4", faults=walk.faults)
    if moov.size > _MOOV_LIMIT:
        return Structure(format="mp4", faults=walk.faults)  # a day of film has an index of 30 MB; the reader will tell
    if b"ftyp" not in kinds and b"mdat" in kinds and not walk.damaged_chain and walk.boxes[0].start > 0:
        walk.fault("mp4.bad-box", "The file does not begin with a valid box.", 0)
    data = file.read(moov.start, moov.size)
    mdats = [
        Extent(box.start + box.header, min(box.end, file.size)) for box in walk.boxes if box.type in (b"mdat", b"imda")
    ]
    movie = isobmff_tables.check_movie(data, moov, mdats, file.size)
    walk.faults += movie.faults
    fragmented = b"moof" in kinds or b"mvex" in {box.type for box in children(data, moov.header, moov.size)[0]}
    if fragmented:
        walk.faults += isobmff_fragments.check(file, walk.boxes, data, movie)
    elif movie.tracks and not any(track.samples for track in movie.tracks):
        walk.fault("mp4.no-samples", "The file declares tracks, but no samples.", moov.start)
    elif b"mdat" not in kinds and not movie.external:
        walk.fault("mp4.no-data", "The file holds an index, but no data.", file.size)
    return Structure(format="mp4", faults=walk.faults, duration_seconds=movie.duration_seconds)


def _top_level(walk: _Walk) -> None:
    file, position = walk.file, 0
    while position < file.size:
        left = file.size - position
        box = read_box(file.read(position, 16), 0, left, position)
        if box is None or not (box.type in _TOP or _PLAUSIBLE.fullmatch(box.type)):
            if file.zero_until_end(position):
                if left >= 8:
                    # Behind a whole film zeros are padding; behind fragments they may be fragments never written.
                    lost = any(known.type == b"moof" for known in walk.boxes)
                    code = "mp4.zero-tail" if lost else "mp4.padding"
                    walk.fault(code, f"From byte {position} on the file holds only zeros.", position)
                return
            if left < 8 and walk.boxes:
                walk.fault("mp4.trailing-bytes", f"{left} stray bytes stand behind the last box.", position)
                return
            walk.damaged_chain = True
            walk.fault("mp4.bad-box", f"No valid box stands at byte {position}.", position)
            position = _resume(file, position + 1)
            continue
        if box.type not in _TOP:
            walk.fault(
                "mp4.unknown-box", f"An unknown box {box.type.decode('latin-1')!r} stands at byte {position}.", position
            )
        if box.end > file.size:
            missing = box.end - file.size
            name = box.type.decode("latin-1")
            if box.type in _TOP:
                walk.fault("mp4.truncated", f"The file ends {missing} bytes before its {name} box does.", file.size)
            else:
                walk.fault("mp4.bad-box", f"The box at byte {position} reaches {missing} bytes past the end.", position)
            walk.damaged_chain = True
            if box.type != b"mdat" or not any(known.type == b"moov" for known in walk.boxes):
                after = _resume(file, position + 8)
                walk.boxes.append(box._replace(size=after - position) if box.type == b"mdat" else box)
                position = after
                continue
        walk.boxes.append(box)
        position = box.end


def _resume(file: ByteFile, position: int) -> int:
    """Where the next believable moov, moof, mdat, mfra or free box begins, or the end of the file."""
    while position < file.size:
        block = file.read(position, 1 << 20)
        hits = []
        for mark in _MARKS:
            at = block.find(mark)
            while at >= 0:
                start = position + at - 4
                box = read_box(file.read(start, 16), 0, file.size - start, start) if start >= 0 else None
                if box is not None and 8 < box.size <= file.size - start and _chained(file, box):
                    hits.append(start)
                    break
                at = block.find(mark, at + 1)
        if hits:
            return min(hits)
        position += max(len(block) - 4, 1) if len(block) > 4 else len(block)
    return file.size


def _chained(file: ByteFile, box: Box) -> bool:
    after = file.read(box.end, 8)
    return box.end == file.size or after[4:8] in _TOP
