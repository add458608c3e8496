"""Mode full: the checksum sees what no decoder does, and tells rot from replacement."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutroom.bootstrap.scanning import opened
from cutroom.bootstrap.settings import load
from cutroom.inspection.files import candidates
from cutroom.inspection.models import FileReport, Mode, Status
from cutroom.inspection.scanning import scan_files
from cutroom.inspection.scans import ScanRequest, ScanService
from cutroom.media.pool import DecodePool


@pytest.fixture
def film(tmp_path, healthy):
    path = tmp_path / "film.mp4"
    path.write_bytes(healthy("x264-mp4").read_bytes())
    return path


@pytest.fixture
def scrub(tmp_path):
    async def run(path: Path) -> FileReport:
        async with opened(load(tmp_path / "data")) as database, DecodePool(1) as pool:
            scans = ScanService(database)
            scan = await scans.begin(ScanRequest(roots=(path,), mode=Mode.FULL))
            rows = [row async for row in scan_files(candidates([path], recursive=False), scan, scans=scans, pool=pool)]
        return rows[0].report

    return run


def change_one_bit(path: Path, *, same_age: bool) -> None:
    """Inside the text that encoders leave in every stream, which no decoder minds."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[data.index(b"x264") + 1] ^= 1
    path.write_bytes(data)
    if same_age:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


async def test_a_flipped_bit_is_bit_rot_until_it_is_repaired(film, scrub):
    sound, age = film.read_bytes(), film.stat().st_mtime_ns
    first = await scrub(film)
    assert (first.status, first.content_hash[:9]) == (Status.HEALTHY, "xxh3-128:")
    again = await scrub(film)
    assert (again.status, again.kept, again.content_hash) == (Status.HEALTHY, False, first.content_hash)
    change_one_bit(film, same_age=True)
    for _ in range(2):  # rot does not become the baseline
        rotten = await scrub(film)
        assert (rotten.status, rotten.findings[0].code) == (Status.CORRUPT, "file.bit-rot")
    film.write_bytes(sound)
    os.utime(film, ns=(age, age))
    assert (await scrub(film)).status is Status.HEALTHY


async def test_a_replaced_file_is_a_note_once(film, scrub):
    await scrub(film)
    change_one_bit(film, same_age=False)
    replaced = await scrub(film)
    assert (replaced.status, replaced.findings[0].code) == (Status.NOTE, "file.replaced")
    assert (await scrub(film)).status is Status.HEALTHY


async def test_a_damaged_file_gives_no_baseline(film, scrub):
    film.write_bytes(film.read_bytes()[:20_000])
    assert (await scrub(film)).status is Status.CORRUPT
    assert (await scrub(film)).findings[0].code != "file.replaced"
