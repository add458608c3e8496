from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from cutroom.core.errors import CutroomError
from cutroom.db.location import file_system_of, refuse_network_share


@pytest.fixture
def mounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [("/", "ext4"), (str(tmp_path / "nas"), "NFS4"), (str(tmp_path / "nas/disk"), "xfs")]
    partitions = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in found]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)


@pytest.mark.usefixtures("mounts")
def test_the_innermost_mount_decides(tmp_path: Path) -> None:
    assert file_system_of(tmp_path) == "ext4"
    assert file_system_of(tmp_path / "nas/data") == "nfs4"
    assert file_system_of(tmp_path / "nas/disk/data") == "xfs"
    refuse_network_share(tmp_path / "nas/disk")
    with pytest.raises(CutroomError, match="network share") as caught:
        refuse_network_share(tmp_path / "nas/data")
    assert "CUTROOM_DATABASE_URL" in (caught.value.hint or "")
