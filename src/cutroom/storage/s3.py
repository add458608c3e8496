"""The object store in a bucket, with a folder of local copies; obstore moves the bytes, boto3 signs addresses.

A worker writes below a local path as it does on a disk; `keep` sends what is new. What stands in the bucket is
read-only in the folder, so that one look tells a copy, which may go when room is needed, from work that was not sent.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import obstore
from obstore.store import S3Store as Bucket

from cutroom.storage.copies import Copies
from cutroom.storage.local import ASIDE, LocalStore, disk_error
from cutroom.storage.port import ObjectStat, UploadForm, check_key, missing
from cutroom.storage.s3_control import Control, S3Place
from cutroom.storage.s3_errors import said

if TYPE_CHECKING:
    from obstore.store import ClientConfig

PART_BYTES = 16 << 20
_SENT_AT_ONCE = 4
# Of one request, of which none moves more than a part.
_CLIENT: ClientConfig = {"connect_timeout": "5s", "timeout": "60s", "allow_http": True}


class S3Store:
    """Objects below a prefix of a bucket. See `ObjectStore` for what each method promises.

    Synchronous throughout: obstore's async calls have aborted the interpreter at its exit.
    """

    remote = True

    def __init__(self, place: S3Place, *, folder: Path, copies_bytes: int) -> None:
        """`folder` holds local copies, of which at most about `copies_bytes` are kept, and unsent work besides."""
        self._place = place
        self._control = Control(place)
        self._folder = LocalStore(folder)
        self._root = folder.absolute()
        self._copies = Copies(self._root, copies_bytes)
        self._bucket_of_process: Bucket | None = None
        self._opening = threading.Lock()

    @property
    def control(self) -> Control:
        """What is asked of the bucket itself."""
        return self._control

    def adopt(self, key: str, path: Path, *, durable: bool = True) -> ObjectStat:
        """Send the file, then keep it as a local copy; nothing is left in the bucket when sending fails."""
        target = self._folder.local_path(key)
        if not path.is_file():
            raise missing(str(path))
        with said(key, self._place):
            self._send(key, path)
        found = self._head(key)
        assert found is not None
        path.chmod(0o444)
        os.utime(path, ns=(found.mtime_ns, found.mtime_ns))
        self._folder.adopt(key, path, durable=False)
        self._copies.took(target, found.size_bytes)
        return found

    def put_once(self, key: str, data: bytes) -> bool:
        """One conditional request."""
        check_key(key)
        with said(key, self._place):
            try:
                obstore.put(self._bucket, key, data, mode="create", use_multipart=False)
            except obstore.exceptions.AlreadyExistsError:
                return False
        return True

    def local_path(self, key: str) -> Path:
        """Where a copy is, or would be."""
        return self._folder.local_path(key)

    def key_at(self, path: Path) -> str | None:
        """The path below the folder of copies."""
        return self._folder.key_at(path)

    def fetch(self, key: str) -> Path:
        """Read it part by part into a file beside its place; two who want the same wait for one."""
        path = self.local_path(key)
        if self._copies.touch(path):
            return path
        found = self._head(key)
        if found is not None:
            with said(key, self._place):
                self._copies.bring(path, found, lambda start, length: self._range(key, start, length))
            return path
        below = list(self._listed(key))
        if not below and not path.is_dir():
            raise missing(key)
        for one in below:
            self.fetch(one.key)
        return path

    def keep(self, key: str) -> int:
        """Send what is not read-only yet; immutable segments, as everything without a successor, first writer wins."""
        path, sent = self.local_path(key), 0
        for file in [path] if path.is_file() else self._unsent(path):
            name = self.key_at(file)
            assert name is not None
            with said(name, self._place):
                sent += self._keep_one(name, file)
        return sent

    def open(self, key: str) -> BinaryIO:
        """A local copy, opened to read."""
        path = self.fetch(key)
        if path.is_dir():
            raise missing(key)
        return path.open("rb")

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the local copy, or of the object."""
        path = self.local_path(key)
        try:
            with path.open("rb") as file:
                file.seek(start)
                return file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            pass
        except OSError as error:
            raise disk_error(error) from error
        with said(key, self._place):
            return self._range(key, start, length)

    def stat(self, key: str) -> ObjectStat | None:
        """What the bucket says; of work that was not sent, what the folder says."""
        return self._head(key) or self._folder.stat(key)

    def delete(self, key: str) -> None:
        """Remove the copy and the object."""
        self._folder.delete(key)
        with said(key, self._place):
            obstore.delete(self._bucket, key)

    def delete_prefix(self, prefix: str) -> int:
        """Remove the copies and the objects, a thousand at a time."""
        doomed = {one.key for one in self.list(prefix)}
        self._folder.delete_prefix(prefix)
        keys = sorted(doomed)
        with said(prefix, self._place):
            for at in range(0, len(keys), 1000):
                obstore.delete(self._bucket, keys[at : at + 1000])
        return len(keys)

    def list(self, prefix: str) -> Iterator[ObjectStat]:
        """The bucket's objects, and work that was not sent."""
        found = {one.key: one for one in self._listed(prefix)}
        for file in self._unsent(self.local_path(prefix)):
            key = self.key_at(file)
            if key is not None and key not in found and (stat := self._folder.stat(key)) is not None:
                found[key] = stat
        yield from (found[key] for key in sorted(found))

    def sweep_unfinished(self, *, older_than_seconds: float, dry_run: bool) -> int:
        """Uploads in parts that never ended, and files aside in the folder of copies."""
        found = self._folder.sweep_unfinished(older_than_seconds=older_than_seconds, dry_run=dry_run)
        for name, upload_id in self._control.strays(older_than=timedelta(seconds=older_than_seconds)):
            found += 1
            if not dry_run:
                self._control.abort(name, upload_id)
        return found

    def download_url(self, key: str, *, seconds: int, media_type: str, name: str | None = None) -> str:
        """Signed here; the bucket is not asked."""
        return self._control.download_url(check_key(key), seconds=seconds, media_type=media_type, name=name)

    def upload_form(self, key: str, *, seconds: int, max_bytes: int) -> UploadForm:
        """Signed here; the bucket itself refuses what is larger."""
        return self._control.upload_form(check_key(key), seconds=seconds, max_bytes=max_bytes)

    @property
    def _bucket(self) -> Bucket:
        with self._opening:
            if self._bucket_of_process is None:
                self._bucket_of_process = Bucket(
                    self._place.bucket,
                    prefix=self._place.prefix or None,
                    endpoint=self._place.endpoint,
                    region=self._place.region,
                    virtual_hosted_style_request=self._place.endpoint is None,
                    credential_provider=self._control.credentials,
                    client_options=_CLIENT,
                    retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
                )
            return self._bucket_of_process

    def _send(self, key: str, path: Path) -> None:
        with path.open("rb") as file:
            obstore.put(self._bucket, key, file, chunk_size=PART_BYTES, max_concurrency=_SENT_AT_ONCE)

    def _keep_one(self, key: str, path: Path) -> int:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size > PART_BYTES:
                    obstore.put(self._bucket, key, file, chunk_size=PART_BYTES, max_concurrency=_SENT_AT_ONCE)
                elif path.suffix == ".m4s":
                    self.put_once(key, file.read())
                else:
                    obstore.put(self._bucket, key, file.read(), use_multipart=False)
                os.fchmod(file.fileno(), 0o444)  # the file that was sent, though another may have its name by now
                self._copies.took(path, status.st_size)
        except FileNotFoundError:
            return 0
        return 1

    def _unsent(self, folder: Path) -> Iterator[Path]:
        for where, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(where, name)
                try:
                    unsent = not name.startswith((ASIDE, ".")) and path.lstat().st_mode & 0o200
                except FileNotFoundError:
                    continue
                if unsent:
                    yield path

    def _head(self, key: str) -> ObjectStat | None:
        check_key(key)
        with said(key, self._place):
            try:
                return _stat(obstore.head(self._bucket, key))
            except FileNotFoundError:
                return None

    def _listed(self, prefix: str) -> Iterator[ObjectStat]:
        check_key(prefix)
        with said(prefix, self._place):
            for page in obstore.list(self._bucket, f"{prefix}/"):
                for one in page:
                    yield _stat(one)

    def _range(self, key: str, start: int, length: int) -> bytes:
        try:
            return bytes(obstore.get_range(self._bucket, check_key(key), start=start, length=length))
        except obstore.exceptions.GenericError as error:
            if "416" in str(error):
                return b""  # beyond the end
            raise


def _stat(found: Any) -> ObjectStat:
    # Whole seconds, which is all that a HEAD answers; a listing has more.
    at = int(found["last_modified"].timestamp()) * 1_000_000_000
    return ObjectStat(key=found["path"], size_bytes=found["size"], mtime_ns=at, stored_ns=at)
