"""Where a SQLite database may be: on a disk of this machine, because its locks do not hold on a network share."""

from __future__ import annotations

from pathlib import Path

import psutil

from cutroom.core.errors import CutroomError

NETWORK_FILE_SYSTEMS = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.sshfs",
    "glusterfs", "gfs2", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "smb2", "smb3", "smbfs", "webdav",
})  # fmt: skip


def refuse_network_share(folder: Path) -> None:
    """Raise `db.network-share` when `folder`, which exists, is on a network file system."""
    kind = file_system_of(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        raise CutroomError(
            "db.network-share",
            f"{str(folder)!r} is on a network share ({kind}), where SQLite's locks do not hold and data gets lost.",
            hint="Keep the data directory on a local disk (--data; the store may stay on the share: "
            "CUTROOM_STORAGE_ROOT), or use PostgreSQL (CUTROOM_DATABASE_URL).",
        )


def file_system_of(folder: Path) -> str | None:
    """The kind of file system that `folder` is on, as the system names it; None when it does not say."""
    real = folder.resolve()
    mounts = {Path(one.mountpoint): one.fstype.lower() for one in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (real, *real.parents) if place in mounts), None)
