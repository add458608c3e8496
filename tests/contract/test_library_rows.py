"""The library's SQL gives the same answers on both databases."""

from __future__ import annotations

import asyncio
import os
from fractions import Fraction

import pytest
from sqlalchemy import select

from cutroom.accounts.models import Principal, Role
from cutroom.accounts.tables import accounts
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.library import tags
from cutroom.library.models import FoundFile, ProxyState, Summary, Video, VideoFilter, VideoSort, Visibility
from cutroom.library.tables import video_tags
from cutroom.proxies import store as proxies

EVERYTHING = VideoFilter()


def person(name: str, role: Role = Role.EDITOR) -> Principal:
    return Principal(account_id=f"acc_{name}", name=name, role=role)


def found(name: str | bytes, size: int = 100, mtime: int = 1) -> FoundFile:
    return FoundFile(location=b"/footage/" + os.fsencode(name), size_bytes=size, mtime_ns=mtime)


async def add(
    cutroom: Cutroom, *names: str | bytes, owner: str | None = None, visibility: Visibility = Visibility.SHARED
) -> list[str]:
    async with cutroom.database.transaction() as tx:
        added = await cutroom.library.add_reference(
            tx, [found(name) for name in names], owner_id=owner, visibility=visibility
        )
    return added.added


async def make_people(cutroom: Cutroom, *names: str) -> None:
    async with cutroom.database.transaction() as tx:
        for name in names:
            row = {"id": f"acc_{name}", "name": name, "role": "editor", "created_at": 1}
            await tx.conn.execute(accounts.insert(), row)


async def names_of(cutroom: Cutroom, **asked: object) -> list[str]:
    """Every page of a list, two rows at a time."""
    names: list[str] = []
    after: str | None = None
    while True:
        async with cutroom.database.read() as conn:
            wanted = {"viewer": None, "where": EVERYTHING, **asked}
            page = await cutroom.library.list(conn, limit=2, after=after, **wanted)  # type: ignore[arg-type]
        names += [video.name for video in page.items]
        after = page.next
        if after is None:
            return names


async def get(cutroom: Cutroom, video_id: str) -> Video:
    async with cutroom.database.read() as conn:
        return await cutroom.library.get(conn, video_id, viewer=None)


async def set_summary(cutroom: Cutroom, video_id: str, **columns: object) -> None:
    async with cutroom.database.transaction() as tx:
        await cutroom.library.set_summary(tx, [video_id], Summary(**columns))  # type: ignore[arg-type]


async def test_pages_follow_each_other_in_both_directions(cutroom: Cutroom) -> None:
    await add(cutroom, "a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4")
    assert await names_of(cutroom, descending=True) == ["e.mp4", "d.mp4", "c.mp4", "b.mp4", "a.mp4"]
    assert await names_of(cutroom, descending=False) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"]


async def test_names_sort_without_case(cutroom: Cutroom) -> None:
    await add(cutroom, "b.mp4", "A.mp4", "c.mp4", "B.mp4", "a.mp4")
    names = await names_of(cutroom, sort=VideoSort.NAME, descending=False)
    assert [name.lower() for name in names] == ["a.mp4", "a.mp4", "b.mp4", "b.mp4", "c.mp4"]
    assert len(set(names)) == 5


async def test_durations_sort_and_unknown_ones_come_first(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "long.mp4", "short.mp4", "unknown.mp4", "middle.mp4")
    for video_id, duration in zip(ids, ["1001/10", "1/3", None, "10/1"], strict=True):
        if duration:
            await set_summary(cutroom, video_id, probe={"duration": duration, "video": None})
    wanted = ["unknown.mp4", "short.mp4", "middle.mp4", "long.mp4"]
    assert await names_of(cutroom, sort=VideoSort.DURATION, descending=False) == wanted
    assert await names_of(cutroom, sort=VideoSort.DURATION, descending=True) == wanted[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "WzEsMl0", "bnVsbA", "é"])
async def test_cursors_that_are_none(cutroom: Cutroom, cursor: str) -> None:
    async with cutroom.database.read() as conn:
        with pytest.raises(CutroomError) as caught:
            await cutroom.library.list(conn, viewer=None, where=EVERYTHING, after=cursor)
    assert caught.value.code == "library.bad-cursor"


async def test_who_sees_what(cutroom: Cutroom) -> None:
    await make_people(cutroom, "ann", "bob")
    [hers] = await add(cutroom, "hers.mp4", owner="acc_ann", visibility=Visibility.PRIVATE)
    await add(cutroom, "shown.mp4", owner="acc_ann")
    await add(cutroom, "nobodys.mp4")
    for viewer, wanted in (
        (person("ann"), {"hers.mp4", "shown.mp4", "nobodys.mp4"}),
        (person("bob"), {"shown.mp4", "nobodys.mp4"}),
        (person("root", Role.ADMINISTRATOR), {"hers.mp4", "shown.mp4", "nobodys.mp4"}),
    ):
        assert set(await names_of(cutroom, viewer=viewer)) == wanted
        async with cutroom.database.read() as conn:
            assert (await cutroom.library.count(conn, viewer=viewer, where=EVERYTHING)).number == len(wanted)
    async with cutroom.database.read() as conn:
        assert (await cutroom.library.get(conn, hers, viewer=person("ann"))).owner_name == "ann"
        with pytest.raises(CutroomError, match="There is no video"):
            await cutroom.library.get(conn, hers, viewer=person("bob"))


async def test_filters(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "Berlin 50%.mp4", "berlin_2.mp4", "Übung.mp4", "paris.mp4")
    await set_summary(cutroom, ids[0], verdict="healthy", proxy_state=ProxyState.READY)
    await set_summary(cutroom, ids[1], verdict="corrupt")

    async def search(**where: object) -> set[str]:
        return set(await names_of(cutroom, where=VideoFilter(**where)))  # type: ignore[arg-type]

    assert await search(q="BERLIN") == {"Berlin 50%.mp4", "berlin_2.mp4"}
    assert await search(q="50%") == {"Berlin 50%.mp4"}
    assert await search(q="_") == set()
    assert await search(q="Übung") == {"Übung.mp4"}
    assert await search(verdicts=("healthy", "corrupt")) == {"Berlin 50%.mp4", "berlin_2.mp4"}
    assert await search(proxy_states=(ProxyState.READY,)) == {"Berlin 50%.mp4"}
    assert await search(q="berlin", verdicts=("pending",)) == set()


async def test_names_that_are_no_text(cutroom: Cutroom) -> None:
    names = [b"\xff\xfe.mp4", "a'b\"c\n\t\N{CLAPPER BOARD}.mp4".encode(), b"; DROP TABLE videos;--.mp4"]
    ids = await add(cutroom, *names)
    videos = [await get(cutroom, video_id) for video_id in ids]
    assert [video.location for video in videos] == [b"/footage/" + name for name in names]
    assert videos[0].name == "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.mp4"
    assert videos[1].name == "a'b\"c\n\t\N{CLAPPER BOARD}.mp4"


async def test_the_same_path_is_the_same_video(cutroom: Cutroom) -> None:
    [video_id] = await add(cutroom, "a.mp4")
    async with cutroom.database.transaction() as tx:
        again = await cutroom.library.add_reference(
            tx, [found("a.mp4"), found("b.mp4"), found("b.mp4")], owner_id=None, visibility=Visibility.SHARED
        )
    assert [one.code for one in again.skipped] == ["library.already-added"] * 2
    assert len(again.added) == 1
    assert video_id not in again.added


async def test_a_changed_file_is_looked_at_again(cutroom: Cutroom) -> None:
    [video_id] = await add(cutroom, "a.mp4")
    before = await get(cutroom, video_id)
    await set_summary(cutroom, video_id, verdict="healthy", probe={"duration": "3/1", "video": None})
    async with cutroom.database.transaction() as tx:
        again = await cutroom.library.add_reference(
            tx, [found("a.mp4", size=200)], owner_id=None, visibility=Visibility.SHARED
        )
    after = await get(cutroom, video_id)
    assert again.added == [video_id]
    assert (after.size_bytes, after.verdict, after.duration, after.probe) == (200, "pending", None, None)
    assert after.asset_id != before.asset_id


async def test_a_probe_fills_the_summary(cutroom: Cutroom) -> None:
    [video_id] = await add(cutroom, "a.mp4")
    track = {"frame_rate": "30000/1001", "width": 1920, "height": 1080}
    await set_summary(cutroom, video_id, probe={"duration": "60060/1001", "video": track})
    video = await get(cutroom, video_id)
    assert (video.duration, video.rate) == (Fraction(60), Fraction(30000, 1001))
    assert (video.width, video.height) == (1920, 1080)
    await set_summary(cutroom, video_id, verdict="healthy")
    assert (await get(cutroom, video_id)).duration == Fraction(60)


async def test_equal_contents_become_one_asset(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "a.mp4", "b.mp4", "c.mp4")
    for video_id, content in zip(ids, ["xxh3-128:1", "xxh3-128:1", "xxh3-128:2"], strict=True):
        async with cutroom.database.transaction() as tx:
            video = await cutroom.library.get(tx.conn, video_id, viewer=None)
            await cutroom.library.hashing.set_hash(tx, video, content)
    first, twin, other = [await get(cutroom, video_id) for video_id in ids]
    assert first.asset_id == twin.asset_id != other.asset_id
    async with cutroom.database.read() as conn:
        assert [one.id for one in await cutroom.library.of_asset(conn, first.asset_id)] == ids[:2]


async def test_twins_that_are_hashed_at_the_same_moment(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "a.mp4", "b.mp4")

    async def set_hash(video_id: str) -> None:
        async with cutroom.database.transaction() as tx:
            video = await cutroom.library.get(tx.conn, video_id, viewer=None)
            await cutroom.library.hashing.set_hash(tx, video, "xxh3-128:1")

    await asyncio.gather(*map(set_hash, ids))
    assert len({(await get(cutroom, video_id)).asset_id for video_id in ids}) == 1


async def test_tags_given_at_the_same_moment(cutroom: Cutroom) -> None:
    """The later ones stand, and nobody is refused."""
    [video_id] = await add(cutroom, "a.mp4")
    both = asyncio.Barrier(2)

    async def give(*words: str) -> None:
        async with cutroom.database.transaction() as tx:
            if not cutroom.database.is_sqlite:  # where one who writes waits for the other anyway
                await both.wait()
            await tags.replace(tx.conn, video_id, words)
            await asyncio.sleep(0.05)

    await asyncio.gather(give("dawn", "sea"), give("dawn", "wood"))
    async with cutroom.database.read() as conn:
        rows = await conn.execute(select(video_tags.c.tag).where(video_tags.c.video_id == video_id))
        assert set(rows.scalars()) in ({"dawn", "sea"}, {"dawn", "wood"})


async def test_a_ladder_that_two_begin_at_the_same_moment(cutroom: Cutroom) -> None:
    [video_id] = await add(cutroom, "a.mp4")
    asset_id = (await get(cutroom, video_id)).asset_id
    both = asyncio.Barrier(2)

    async def begin() -> None:
        async with cutroom.database.transaction() as tx:
            if not cutroom.database.is_sqlite:
                await proxies.of_recipe(tx.conn, asset_id, "r")
                await both.wait()
            await proxies.begin(tx.conn, asset_id, "r")
            await asyncio.sleep(0.05)

    await asyncio.gather(begin(), begin())
    async with cutroom.database.read() as conn:
        assert len(await proxies.of_asset(conn, asset_id)) == 1


async def test_deleting_one_of_two_twins_spares_what_they_share(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "a.mp4", "b.mp4")
    for video_id in ids:
        async with cutroom.database.transaction() as tx:
            video = await cutroom.library.get(tx.conn, video_id, viewer=None)
            await cutroom.library.hashing.set_hash(tx, video, "xxh3-128:1")
    asset_id = (await get(cutroom, ids[0])).asset_id
    thumbnail = cutroom.store.local_path(f"previews/{asset_id}/r/thumb-320.jpg")
    thumbnail.parent.mkdir(parents=True)
    thumbnail.write_bytes(b"picture")
    for video_id, stays in zip(ids, [True, False], strict=True):
        async with cutroom.database.transaction() as tx:
            await cutroom.library.delete(tx, await cutroom.library.get(tx.conn, video_id, viewer=None))
        assert thumbnail.exists() is stays
    async with cutroom.database.read() as conn:
        assert await cutroom.jobs.active(conn, ids) == {}


async def test_adding_inspects_and_opening_puts_first(cutroom: Cutroom) -> None:
    ids = await add(cutroom, "a.mp4", "b.mp4")
    async with cutroom.database.transaction() as tx:
        await cutroom.library.open(tx, await cutroom.library.get(tx.conn, ids[1], viewer=None))
    async with cutroom.database.read() as conn:
        active = await cutroom.jobs.active(conn, ids)
    assert [(job.kind, job.priority) for job in active[ids[0]]] == [("inspect", 60)]
    assert [(job.kind, job.priority) for job in active[ids[1]]] == [("inspect", 100)]


async def test_renaming_and_hiding(cutroom: Cutroom) -> None:
    await make_people(cutroom, "ann")
    [video_id] = await add(cutroom, "a.mp4", owner="acc_ann")
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        await cutroom.library.change(tx, video, name="  New name ", visibility=Visibility.PRIVATE)
    changed = await get(cutroom, video_id)
    assert (changed.name, changed.visibility) == ("New name", Visibility.PRIVATE)
    async with cutroom.database.transaction() as tx:
        with pytest.raises(CutroomError) as caught:
            await cutroom.library.change(tx, changed, name="   ")
    assert caught.value.code == "library.bad-name"
