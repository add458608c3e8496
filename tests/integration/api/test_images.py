"""Pictures on demand: negotiated, from a closed list, made once, never larger than what was kept."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from cutroom.api.routes.images import best_format
from cutroom.library.models import Visibility
from cutroom.proxies import store as rows
from cutroom.proxies.models import Preview, PreviewKind

from .conftest import Server, Somebody


@pytest.fixture
async def video(server: Server, ann: Somebody) -> str:
    video_id = await server.video("a.mp4", ann, Visibility.SHARED)
    async with server.services.database.transaction() as tx:
        found = await server.services.library.get(tx.conn, video_id, viewer=None)
        prefix = f"previews/{found.asset_id}/r/job_1-1"
        preview = Preview(
            asset_id=found.asset_id,
            kind=PreviewKind.THUMBNAILS,
            prefix=prefix,
            detail={"widths": [320, 640], "formats": ["jpg"]},
            created_at=1,
        )
        await rows.put_preview(tx.conn, preview)
    path = server.services.store.local_path(f"{prefix}/thumb-640.jpg")
    path.parent.mkdir(parents=True)
    Image.effect_noise((640, 360), 50).convert("RGB").save(path, "JPEG")
    return video_id


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/avif,image/webp,image/*,*/*;q=0.8", "AVIF"),
        ("image/webp,*/*", "WEBP"),
        ("image/*", "JPEG"),
        ("", "JPEG"),
        ("image/avif;q=0, image/webp;q=0.5", "WEBP"),
        ("image/avif;q=nonsense", "JPEG"),
    ],
)
async def test_the_format_is_negotiated(server: Server, ann: Somebody, video: str, accept: str, kind: str) -> None:
    found = await ann.http.get(f"/api/videos/{video}/image?w=300", headers={"accept": accept})
    assert found.status_code == 200, found.text
    assert found.headers["vary"] == "Accept"
    picture = Image.open(io.BytesIO(found.content))
    assert (picture.format, picture.size) == (kind, (300, 169))


def test_weights_decide_between_what_is_named() -> None:
    assert best_format("image/avif;q=0.3,image/webp;q=0.9") == "webp"
    assert best_format("IMAGE/AVIF") == "avif"


async def test_nothing_is_enlarged_and_nothing_else_is_offered(server: Server, ann: Somebody, video: str) -> None:
    large = await ann.http.get(f"/api/videos/{video}/image?w=1280")
    assert Image.open(io.BytesIO(large.content)).size == (640, 360)
    for query in ("w=301", "w=300&q=84", "w=0", "w=99999"):
        refused = await ann.http.get(f"/api/videos/{video}/image?{query}")
        assert refused.status_code in (400, 422), query
    assert (await ann.http.get(f"/api/videos/{video}/image?w=301")).json()["error"]["code"] == "images.not-offered"
    assert (await server.client().get(f"/api/videos/{video}/image")).status_code == 401


async def test_many_who_ask_at_once_get_one_that_was_made_once(server: Server, ann: Somebody, video: str) -> None:
    asked = [ann.http.get(f"/api/videos/{video}/image?w=150&v=1") for _ in range(20)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert "immutable" in answers[0].headers["cache-control"]
    made = [one.key for one in server.services.store.list("previews") if "image-" in one.key]
    assert [key.rpartition("/")[2] for key in made] == ["image-150-85.jpg"]
    unchanged = await ann.http.get(
        f"/api/videos/{video}/image?w=150", headers={"if-none-match": answers[0].headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.headers["vary"]) == (304, "Accept")
    assert list(server.services.data.scratch.glob("stream-image-*")) == []
