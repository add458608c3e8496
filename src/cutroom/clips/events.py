"""What the clips announce inside a transaction; `bootstrap` subscribes who wants to know."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.clips.models import Clip


@dataclass(frozen=True, kw_only=True)
class ClipDone:
    """The clip's file can be downloaded."""

    clip: Clip
