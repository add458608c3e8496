"""URLs of derived files. Each carries a version, so that its bytes never change and browsers may keep them for good.

`/api/videos/{id}/media/v-{version}/{name}`: the version is the proxy's id or the preview's instant; without it a file
is served too, and revalidated each time. Where media has an address of its own (a content delivery network, or the
media port), URLs lead there: `{base}/media/{token}/{object key}`, or `{base}/{object key}` with CloudFront's cookies.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from cutroom.accounts.models import Principal
from cutroom.bootstrap.container import Cutroom
from cutroom.delivery.models import SigningKey
from cutroom.delivery.service import DeliveryService
from cutroom.proxies.models import AssetViews, Preview, Proxy, ladder_prefix

_FORMATS = {"avif": "avif", "webp": "webp", "jpg": "jpeg", "jpeg": "jpeg"}


class Links:
    """Where the media of an answer is: here, behind the session's cookie."""

    def of(self, video_id: str, version: str | int, name: str, key: str) -> str:
        """The URL of the derived file `name`, which is the object `key`."""
        return media_url(video_id, version, name)


HERE = Links()


class SignedLinks(Links):
    """Somewhere else, each opened by a token for the asset's whole tree."""

    def __init__(self, base: str, delivery: DeliveryService, key: SigningKey, who: str) -> None:
        self._base, self._delivery, self._key, self._who = base, delivery, key, who

    def of(self, video_id: str, version: str | int, name: str, key: str) -> str:
        """Signed for the ladder, or for all previews of the asset."""
        depth = 3 if key.startswith("proxies/") else 2
        return self._base + self._delivery.signed_path(self._key, key, depth=depth, who=self._who)


class OpenLinks(Links):
    """Somewhere else, opened by cookies."""

    def __init__(self, base: str) -> None:
        self._base = base

    def of(self, video_id: str, version: str | int, name: str, key: str) -> str:
        """The object below the base."""
        return f"{self._base}/{quote(key)}"


async def links_for(services: Cutroom, request: Request, caller: Principal) -> Links:
    """Where the media of this caller's answers is."""
    cdn, port = services.settings.cdn, services.settings.server.media_port
    if cdn.url and cdn.signing == "cloudfront":
        return OpenLinks(cdn.url.rstrip("/"))
    if not cdn.url and not port:
        return HERE
    base = cdn.url.rstrip("/") or f"{request.url.scheme}://{request.url.hostname}:{port}"
    who = hashlib.blake2b((caller.session_hash or caller.account_id).encode(), digest_size=6).hexdigest()
    return SignedLinks(base, services.delivery, await services.delivery.keys.newest(), who)


def media_url(video_id: str, version: str | int, name: str) -> str:
    """The versioned URL of a derived file."""
    return f"/api/videos/{video_id}/media/v-{version}/{name}"


def split_version(name: str) -> tuple[str, bool]:
    """The file's name without its version, and whether there was one."""
    first, _, rest = name.partition("/")
    return (rest, True) if first.startswith("v-") and rest else (name, False)


def poster(video_id: str, views: AssetViews, links: Links = HERE) -> dict[str, list[dict[str, Any]]] | None:
    """Candidates of the poster by format, smallest first."""
    preview = views.thumbnails
    if preview is None:
        return None
    found: dict[str, list[dict[str, Any]]] = {"avif": [], "webp": [], "jpeg": []}
    for ending in preview.detail.get("formats", ()):
        found[_FORMATS[ending]] = [
            {"width": width, "url": _preview_url(links, video_id, preview, f"thumbnails/thumb-{width}.{ending}")}
            for width in sorted(preview.detail.get("widths", ()))
        ]
    return found


def sprite(video_id: str, views: AssetViews, links: Links = HERE, *, exact: bool) -> dict[str, Any] | None:
    """The sprite's sheet and what is where on it: each tile's own time, or (in lists) their mean distance."""
    preview = views.sprite
    if preview is None:
        return None
    known = preview.detail
    return {
        "url": _preview_url(links, video_id, preview, f"sprite/{known['files'][0]}"),
        "columns": known["columns"],
        "rows": known["rows"],
        "tile_width": known["tile_width"],
        "tile_height": known["tile_height"],
        "count": known["count"],
        "interval": None if exact else _mean_distance(known["times"]),
        "times": known["times"] if exact else None,
        "vtt": _preview_url(links, video_id, preview, f"sprite/{known['vtt']}") if exact and known.get("vtt") else None,
    }


def peaks_url(video_id: str, views: AssetViews, links: Links = HERE) -> str | None:
    """The waveform's peaks as JSON."""
    if views.peaks is None:
        return None
    return _preview_url(links, video_id, views.peaks, str(views.peaks.detail.get("json", "peaks.json")))


def playlist_url(video_id: str, proxy: Proxy | None, links: Links = HERE) -> str | None:
    """The master playlist, once there is something to play."""
    if proxy is None or proxy.playlist_name is None or proxy.playlist_key is None:
        return None
    return links.of(video_id, proxy.id, proxy.playlist_name, proxy.playlist_key)


def timing(video_id: str, proxy: Proxy | None, links: Links = HERE) -> dict[str, Any] | None:
    """How the proxy's frames and times belong together."""
    if proxy is None or proxy.timing is None:
        return None
    known = proxy.timing
    return {
        "rate": known["rate"],
        "frames": known["frames"],
        "variable": bool(known["variable"]),
        "offset_seconds": 0.0,  # the ladder's own times begin with its first frame
        "pts_url": _pts_url(links, video_id, proxy, known.get("pts")),
    }


def _mean_distance(times: list[float]) -> str:
    if len(times) < 2:
        return "1/1"
    mean = Fraction((times[-1] - times[0]) / (len(times) - 1)).limit_denominator(1000)
    return f"{mean.numerator}/{mean.denominator}"


def _preview_url(links: Links, video_id: str, preview: Preview, name: str) -> str:
    return links.of(video_id, preview.created_at, name, f"{preview.prefix}/{name.rpartition('/')[2]}")


def _pts_url(links: Links, video_id: str, proxy: Proxy, file: str | None) -> str | None:
    if not file:
        return None
    return links.of(video_id, proxy.id, "pts", f"{ladder_prefix(proxy.asset_id, proxy.recipe)}/{file}")
