"""MPEG transport streams: sync bytes, continuity counters, table checksums, packet starts. Vectorised with numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.crc import crc32_forward
from cutroom.media.containers.fault import Fault, Structure
from cutroom.media.containers.magic import packet_length

_PACKETS = 20_000  # packets a batch: under 4 MB
_NULL_PID = 0x1FFF
_GAPS = 20_000
_JOIN_BYTES = 1 << 20  # within so many bytes every stream of a joined recording has appeared again
Array = np.ndarray[Any, np.dtype[Any]]


class _Walk:
    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.counters: dict[int, tuple[int, bytes]] = {}  # pid → last counter that carried payload
        self.tables: set[int] = {0}  # pids of PAT and PMTs
        self.streams: set[int] = set()  # elementary pids
        self.gaps: list[tuple[int, int, int]] = []  # (offset, pid, packets lost modulo 16)

    def fault(self, code: str, message: str, offset: int) -> None:
        self.faults.append(Fault(code=code, message=message, byte_offset=offset))


def check(file: ByteFile) -> Structure:
    """Walk every packet; find lost sync, gaps in continuity, damaged tables, and a cut last packet."""
    walk = _Walk(file)
    head = file.read(0, 4096)
    length = packet_length(head)
    if length is None:
        start = _resync(file, 0, 188)
        length = packet_length(file.read(start, 4096)) or 188
        if start >= length:  # less is the rest of a packet that the recording did not begin with
            walk.fault("ts.lost-sync", "The file does not begin with transport-stream packets.", 0)
    else:
        start = 0
    position = start
    extra = 4 if length == 192 else 0
    while position + length <= file.size:
        data = file.read(position, _PACKETS * length)
        count = len(data) // length
        packets = np.frombuffer(data, np.uint8, count * length).reshape(count, length)[:, extra : extra + 188]
        bad = np.flatnonzero(packets[:, 0] != 0x47)
        good = int(bad[0]) if bad.size else count
        if good:
            _batch(walk, packets[:good], position + extra, length)
        position += good * length
        if bad.size:
            if file.zero_until_end(position):
                walk.fault("ts.zero-tail", f"From byte {position} on the file holds only zeros.", position)
                position = file.size
                break
            walk.fault("ts.lost-sync", f"The transport-stream sync is lost at byte {position}.", position)
            position = _resync(file, position + 1, length)
    _report_gaps(walk)
    rest = file.size - position
    if 0 < rest < length:
        walk.fault("ts.partial-packet", f"The last transport-stream packet has only {rest} bytes.", position)
    if not walk.streams and not walk.faults:
        walk.fault("ts.no-tables", "The transport stream has no readable program tables.", 0)
    return Structure(format="mpegts", faults=walk.faults)


def _batch(walk: _Walk, packets: Array, base: int, length: int) -> None:
    pids = (packets[:, 1].astype(np.uint16) & 0x1F) << 8 | packets[:, 2]
    flags = packets[:, 3]
    adaptation = (flags & 0x20) != 0
    payload = (flags & 0x10) != 0
    broken = np.flatnonzero(adaptation & (packets[:, 4] > 183))
    for index in broken[:50]:
        walk.fault(
            "ts.bad-packet",
            f"A packet header is damaged at byte {base + int(index) * length}.",
            base + int(index) * length,
        )
    errors = np.flatnonzero((packets[:, 1] & 0x80 != 0) & (pids != _NULL_PID))
    for index in errors[:50]:
        offset = base + int(index) * length
        walk.fault("ts.error-flag", f"The receiver marked the packet at byte {offset} as damaged.", offset)
    starts = np.flatnonzero((packets[:, 1] & 0x40) != 0)
    for index in starts:
        pid = int(pids[index])
        if pid in walk.tables or pid in walk.streams:
            _start(walk, packets[index], pid, base + int(index) * length)
    discontinuity = adaptation & (packets[:, 4] > 0) & ((packets[:, 5] & 0x80) != 0)
    for pid in np.unique(pids):
        if pid != _NULL_PID:
            rows = np.flatnonzero(pids == pid)
            _continuity(walk, int(pid), rows, packets, payload, discontinuity, base, length)


def _continuity(
    walk: _Walk, pid: int, rows: Array, packets: Array, payload: Array, discontinuity: Array, base: int, length: int
) -> None:
    """Each payload packet of a pid counts one further modulo 16; a single exact repetition is allowed."""
    carrying = rows[payload[rows]]
    if not carrying.size:
        return
    counters = (packets[carrying, 3] & 15).astype(np.int16)
    previous = walk.counters.get(pid)
    known = previous[0] if previous else int(counters[0]) - 1
    before = np.concatenate(([known], counters[:-1]))
    wrong = np.flatnonzero(((before + 1) & 15 != counters) & ~discontinuity[carrying])
    for index in wrong:
        row = int(carrying[index])
        earlier = packets[int(carrying[index - 1])].tobytes() if index else (previous[1] if previous else b"")
        if int(before[index]) == int(counters[index]) and earlier[4:] == packets[row].tobytes()[4:]:
            continue
        lost = (int(counters[index]) - int(before[index]) - 1) % 16
        if len(walk.gaps) < _GAPS:
            walk.gaps.append((base + row * length, pid, lost))
    walk.counters[pid] = (int(counters[-1]), packets[int(carrying[-1])].tobytes())


def _report_gaps(walk: _Walk) -> None:
    """Tell lost packets from recordings put end to end, which begin again with a program table."""
    joined: set[int] = set()
    join = -2 * _JOIN_BYTES
    quiet_until = 0
    for offset, pid, lost in sorted(walk.gaps):
        if pid in (0, 0x11) and offset >= quiet_until:
            join, joined = offset, {pid}
            walk.fault("ts.join", f"Another recording begins at byte {offset}.", offset)
        elif offset - join < _JOIN_BYTES and pid not in joined:
            joined.add(pid)
        elif pid in walk.streams or pid in walk.tables or not walk.streams:
            message = f"At least {lost or 16} packets of stream {pid:#x} are missing at byte {offset}."
            walk.fault("ts.missing-packets", message, offset)
            quiet_until = offset + _JOIN_BYTES
        else:
            quiet_until = offset + _JOIN_BYTES


def _start(walk: _Walk, packet: Array, pid: int, offset: int) -> None:
    """The first bytes of a section or of an elementary packet."""
    data = packet.tobytes()
    begin = 4 + (1 + data[4] if data[3] & 0x20 else 0)
    if not data[3] & 0x10 or begin >= 188:
        return
    if pid in walk.streams:
        if data[begin : begin + 3] != b"\0\0\1"[: 188 - begin]:
            walk.fault("ts.bad-start", f"No elementary packet starts at byte {offset}, where one must.", offset)
        return
    section = begin + 1 + data[begin]
    size = 3 + ((data[section + 1] & 0x0F) << 8 | data[section + 2]) if section + 3 <= 188 else 0
    if size < 12 or section + size > 188:
        return  # spans packets; the demuxer checks it
    body = data[section : section + size]
    if body[0] not in (0, 2):
        return
    if crc32_forward(body, 0xFFFFFFFF) != 0:
        walk.fault("ts.bad-table", f"The program table at byte {offset} does not match its checksum.", offset)
        return
    if body[0] == 0:
        entries = [body[at : at + 4] for at in range(8, size - 4, 4)]
        walk.tables |= {(e[2] & 0x1F) << 8 | e[3] for e in entries if len(e) == 4 and e[:2] != b"\0\0"}
        return
    at = 12 + ((body[10] & 0x0F) << 8 | body[11])
    while at + 5 <= size - 4:
        # Private sections and the like (type 5, 0x86…) do not start with a start code.
        if body[at] not in (0x05, 0x0D, 0x86, 0x0B, 0x0C):
            walk.streams.add((body[at + 1] & 0x1F) << 8 | body[at + 2])
        at += 5 + ((body[at + 3] & 0x0F) << 8 | body[at + 4])


def _resync(file: ByteFile, position: int, length: int) -> int:
    """The next offset from which five packets in a row carry a sync byte (192-byte packets: its own start)."""
    extra = 4 if length == 192 else 0
    while position + length < file.size:
        block = np.frombuffer(file.read(position, 1 << 20), np.uint8)
        reach = len(block) - extra - 4 * length
        if reach <= 0:
            break
        mask = np.ones(reach, bool)
        for step in range(5):
            mask &= block[extra + step * length : extra + step * length + reach] == 0x47
        hits = np.flatnonzero(mask)
        if hits.size:
            return position + int(hits[0])
        position += reach
    return file.size
