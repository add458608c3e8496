"""URLs of derived files. Each carries a version, so that its bytes never change and browsers may keep them for good.

`/api/videos/{id}/media/v-{version}/{name}`: the version is the proxy's id or the preview's instant; without it a file
is served too, and revalidated each time.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cutroom.proxies.models import AssetViews, Preview, Proxy

_FORMATS = {"avif": "avif", "webp": "webp", "jpg": "jpeg", "jpeg": "jpeg"}


def media_url(video_id: str, version: str | int, name: str) -> str:
    """The versioned URL of a derived file."""
    return f"/api/videos/{video_id}/media/v-{version}/{name}"


def split_version(name: str) -> tuple[str, bool]:
    """The file's name without its version, and whether there was one."""
    first, _, rest = name.partition("/")
    return (rest, True) if first.startswith("v-") and rest else (name, False)


def poster(video_id: str, views: AssetViews) -> dict[str, list[dict[str, Any]]] | None:
    """Candidates of the poster by format, smallest first."""
    preview = views.thumbnails
    if preview is None:
        return None
    found: dict[str, list[dict[str, Any]]] = {"avif": [], "webp": [], "jpeg": []}
    for ending in preview.detail.get("formats", ()):
        found[_FORMATS[ending]] = [
            {"width": width, "url": _preview_url(video_id, preview, f"thumbnails/thumb-{width}.{ending}")}
            for width in sorted(preview.detail.get("widths", ()))
        ]
    return found


def sprite(video_id: str, views: AssetViews, *, exact: bool) -> dict[str, Any] | None:
    """The sprite's sheet and what is where on it: each tile's own time, or (in lists) their mean distance."""
    preview = views.sprite
    if preview is None:
        return None
    known = preview.detail
    return {
        "url": _preview_url(video_id, preview, f"sprite/{known['files'][0]}"),
        "columns": known["columns"],
        "rows": known["rows"],
        "tile_width": known["tile_width"],
        "tile_height": known["tile_height"],
        "count": known["count"],
        "interval": None if exact else _mean_distance(known["times"]),
        "times": known["times"] if exact else None,
        "vtt": _preview_url(video_id, preview, f"sprite/{known['vtt']}") if exact and known.get("vtt") else None,
    }


def peaks_url(video_id: str, views: AssetViews) -> str | None:
    """The waveform's peaks as JSON."""
    return (
        _preview_url(video_id, views.peaks, str(views.peaks.detail.get("json", "peaks.json"))) if views.peaks else None
    )


def playlist_url(video_id: str, proxy: Proxy | None) -> str | None:
    """The master playlist, once there is something to play."""
    if proxy is None or proxy.playlist_name is None:
        return None
    return media_url(video_id, proxy.id, proxy.playlist_name)


def timing(video_id: str, proxy: Proxy | None) -> dict[str, Any] | None:
    """How the proxy's frames and times belong together."""
    if proxy is None or proxy.timing is None:
        return None
    known = proxy.timing
    return {
        "rate": known["rate"],
        "frames": known["frames"],
        "variable": bool(known["variable"]),
        "offset_seconds": 0.0,  # the ladder's own times begin with its first frame
        "pts_url": media_url(video_id, proxy.id, "pts") if known.get("pts") else None,
    }


def _mean_distance(times: list[float]) -> str:
    if len(times) < 2:
        return "1/1"
    mean = Fraction((times[-1] - times[0]) / (len(times) - 1)).limit_denominator(1000)
    return f"{mean.numerator}/{mean.denominator}"


def _preview_url(video_id: str, preview: Preview, name: str) -> str:
    return media_url(video_id, preview.created_at, name)
