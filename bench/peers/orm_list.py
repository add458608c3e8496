"""The list route as it is usually written: FastAPI, pydantic models, the SQLAlchemy ORM with eager loading.

It reads the same database, checks the same bearer token and answers the same rows. It counts nothing: a count of all
rows would be most of its time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from cutroom.api.schemas.base import Person
from cutroom.api.schemas.videos import Duration, JobsSummary, VideoPage, VideoRow


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]


class Token(Base):
    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[str]
    account: Mapped[Account] = relationship(lazy="joined")


class Preview(Base):
    __tablename__ = "previews"
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str]
    detail: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[int]


class Asset(Base):
    __tablename__ = "assets"
    id: Mapped[str] = mapped_column(primary_key=True)
    previews: Mapped[list[Preview]] = relationship()


class Job(Base):
    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("videos.id"))
    state: Mapped[str]
    stage: Mapped[str | None]
    progress: Mapped[float]


class VideoTag(Base):
    __tablename__ = "video_tags"
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Video(Base):
    __tablename__ = "videos"
    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"))
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    visibility: Mapped[str]
    name: Mapped[str]
    size_bytes: Mapped[int]
    added_at: Mapped[int]
    verdict: Mapped[str]
    verdict_message: Mapped[str | None]
    proxy_state: Mapped[str]
    duration_num: Mapped[int | None]
    duration_den: Mapped[int | None]
    rate_num: Mapped[int | None]
    rate_den: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    owner: Mapped[Account | None] = relationship()
    asset: Mapped[Asset] = relationship()
    tags: Mapped[list[VideoTag]] = relationship(order_by=VideoTag.tag)
    jobs: Mapped[list[Job]] = relationship(
        primaryjoin="and_(Job.subject == Video.id, Job.state.in_(('queued', 'running')))", viewonly=True
    )


engine = create_async_engine(os.environ["BENCH_DATABASE"], connect_args={"timeout": 10})
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def database() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(database)]


async def caller(session: Session, authorization: Annotated[str, Header()]) -> Account:
    secret = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    token = (await session.scalars(select(Token).where(Token.secret_hash == secret))).first()
    if token is None:
        raise HTTPException(401)
    return token.account


@app.get("/api/videos", response_model=VideoPage)
async def list_videos(session: Session, _caller: Annotated[Account, Depends(caller)], limit: int = 50) -> VideoPage:
    query = (
        select(Video)
        .options(selectinload(Video.owner), selectinload(Video.jobs), selectinload(Video.tags))
        .options(selectinload(Video.asset).selectinload(Asset.previews))
        .order_by(Video.added_at.desc(), Video.id.desc())
        .limit(limit)
    )
    videos = (await session.scalars(query)).all()
    last = videos[-1]
    return VideoPage(
        items=[row(video) for video in videos],
        next=f"{last.added_at}.{last.id}",
        total=len(videos),
        total_exact=False,
        corrected=None,
    )


def row(video: Video) -> VideoRow:
    num, den = video.duration_num, video.duration_den
    running = [job for job in video.jobs if job.state == "running"]
    return VideoRow(
        id=video.id,
        name=video.name,
        added_at=video.added_at,
        owner=Person(id=video.owner.id, name=video.owner.name) if video.owner else None,
        visibility=video.visibility,
        size_bytes=video.size_bytes,
        duration=Duration(seconds=num / den, num=num, den=den) if num and den else None,
        frame_rate=f"{video.rate_num}/{video.rate_den}" if video.rate_num else None,
        width=video.width,
        height=video.height,
        verdict=video.verdict,
        verdict_message=video.verdict_message,
        proxy_state=video.proxy_state,
        thumbhash=None,
        poster=None,
        sprite=None,
        tags=[one.tag for one in video.tags],
        jobs=JobsSummary(
            active=len(video.jobs),
            stage=running[0].stage if running else None,
            progress=running[0].progress if running else None,
        ),
    )
