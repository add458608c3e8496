"""What only a bucket has: copies that go, uploads that break, addresses of its own."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.storage.s3 import PART_BYTES, S3Store
from cutroom.storage.s3_control import RULE, Control
from cutroom.storage.s3_place import S3Place
from tests.buckets import S3

MIB = 1 << 20


@pytest.fixture
def service(radosgw: S3, as_account: Callable[[S3], None]) -> S3:
    as_account(radosgw)
    return radosgw


def adopt(store: S3Store, tmp_path: Path, key: str, content: bytes) -> None:
    path = tmp_path / "incoming"
    path.write_bytes(content)
    store.adopt(key, path)


def test_copies_make_room_for_each_other_but_not_what_is_in_use(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies", copies_bytes=3 * MIB)
    for number in range(3):
        adopt(store, tmp_path, f"originals/v/{number}", bytes([number]) * MIB)
        now = time.time() - 100 + number
        os.utime(store.local_path(f"originals/v/{number}"), (now, 1))
    held = tmp_path / "held"
    os.link(store.local_path("originals/v/0"), held)
    adopt(store, tmp_path, "originals/v/3", b"x" * MIB)
    adopt(store, tmp_path, "originals/v/4", b"x" * MIB)
    here = [number for number in range(5) if store.local_path(f"originals/v/{number}").exists()]
    assert here[0] == 0
    assert 1 not in here
    assert here[-1] == 4
    assert store.fetch("originals/v/1").read_bytes() == b"\x01" * MIB


def test_unsent_work_is_never_taken_for_a_copy(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies", copies_bytes=MIB)
    made = store.local_path("proxies/a/r/720/00000.m4s")
    made.parent.mkdir(parents=True)
    made.write_bytes(b"m" * 2 * MIB)
    for number in range(3):
        adopt(store, tmp_path, f"originals/v/{number}", b"x" * MIB)
    assert made.exists()
    assert store.keep("proxies/a/r") == 1
    assert not made.stat().st_mode & 0o222


def test_large_files_go_and_come_in_parts(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies")
    content = os.urandom(MIB) * 40
    adopt(store, tmp_path, "originals/v/large.mov", content)
    store.local_path("originals/v/large.mov").unlink()
    assert store.read_range("originals/v/large.mov", 2 * PART_BYTES - 5, 10) == content[2 * PART_BYTES - 5 :][:10]
    path = store.fetch("originals/v/large.mov")
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
    stat = store.stat("originals/v/large.mov")
    assert stat is not None
    assert path.stat().st_mtime_ns == stat.mtime_ns


def test_addresses_are_checked_by_the_bucket(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies")
    adopt(store, tmp_path, "clips/c/1/ü.mp4", b"clip")
    url = store.download_url("clips/c/1/ü.mp4", seconds=60, media_type="video/mp4", name="mine ü.mp4")
    found = httpx.get(url)
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, b"clip", "video/mp4")
    assert "mine%20%C3%BC.mp4" in found.headers["content-disposition"]
    assert httpx.get(url, headers={"range": "bytes=1-2"}).content == b"li"
    at = url.index("X-Amz-Signature=") + 20
    assert httpx.get(url[:at] + ("0" if url[at] != "0" else "1") + url[at + 1 :]).status_code == 403
    assert httpx.get(url.replace("/clips/c/", "/clips/d/")).status_code == 403
    short = store.download_url("clips/c/1/ü.mp4", seconds=1, media_type="video/mp4")
    time.sleep(2.1)
    assert httpx.get(short).status_code == 403


def test_a_form_takes_what_fits_and_no_more(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies")
    form = store.upload_form("originals/v/a.mp4", seconds=60, max_bytes=10)
    large = httpx.post(form.url, data=form.fields, files={"file": ("a", b"x" * 11)})
    assert large.status_code >= 400
    assert store.stat("originals/v/a.mp4") is None
    assert httpx.post(form.url, data=form.fields, files={"file": ("a", b"x" * 10)}).status_code < 300
    assert store.read_range("originals/v/a.mp4", 0, 100) == b"x" * 10
    forged = {**form.fields, "key": "below/here/originals/other"}
    assert httpx.post(form.url, data=forged, files={"file": ("a", b"x")}).status_code == 403


def test_uploads_that_never_ended_are_found_and_removed(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies")
    place = store._place
    begun = service.client.create_multipart_upload(Bucket=place.bucket, Key=place.name("originals/v/a"))
    service.client.upload_part(
        Bucket=place.bucket, Key=begun["Key"], UploadId=begun["UploadId"], PartNumber=1, Body=b"x" * 100
    )
    assert store.sweep_unfinished(older_than_seconds=3600, dry_run=False) == 0
    assert store.sweep_unfinished(older_than_seconds=0, dry_run=True) == 1
    assert store.sweep_unfinished(older_than_seconds=0, dry_run=False) == 1
    assert list(Control(place).strays(older_than=timedelta(0))) == []


def test_the_bucket_is_asked_to_tidy_up_by_itself(service: S3, tmp_path: Path) -> None:
    store = service.store(tmp_path / "copies")
    bucket = store._place.bucket
    other = {"ID": "mine", "Filter": {"Prefix": "elsewhere/"}, "Status": "Enabled", "Expiration": {"Days": 9}}
    service.client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [other]})
    store.control.set_rule()
    store.control.set_rule()
    rules = service.client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert sorted(rule["ID"] for rule in rules) == [RULE, "mine"]


def test_wrong_keys_and_missing_buckets_are_one_sentence(
    service: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = S3Place(bucket="not-there", endpoint=service.endpoint, region="us-east-1")
    with pytest.raises(CutroomError) as caught:
        S3Store(nowhere, folder=tmp_path / "copies", copies_bytes=MIB).fetch("a/b")
    assert (caught.value.code, caught.value.kind) == ("storage.no-bucket", ErrorKind.UNAVAILABLE)
    place = service.place()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    denied = S3Store(place, folder=tmp_path / "copies", copies_bytes=MIB)
    with pytest.raises(CutroomError) as caught:
        adopt(denied, tmp_path, "a/b", b"x")
    assert caught.value.code == "storage.denied"
    assert "AWS credentials" in (caught.value.hint or "")
    assert service.endpoint not in caught.value.message


def test_addresses_of_buckets() -> None:
    assert S3Place.parse("s3://bucket/a/b/") == S3Place(bucket="bucket", prefix="a/b")
    for wrong in ("bucket", "https://bucket/a", "s3:///a", "s3://bucket/a?x=1"):
        with pytest.raises(CutroomError, match="no address of a bucket"):
            S3Place.parse(wrong)
