"""Assets are contents; videos are places in the library that show an asset."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    literal_column,
    text,
)

from cutroom.db.base import Document, Instant, metadata

assets = Table(
    "assets",
    metadata,
    Column("id", Text, primary_key=True),  # ast_…
    Column("content_hash", Text, unique=True),  # "xxh3-128:…"; None until the file has been read whole
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_assets_size", "size_bytes"),
)

videos = Table(
    "videos",
    metadata,
    Column("id", Text, primary_key=True),  # vid_…
    Column("asset_id", Text, ForeignKey("assets.id"), nullable=False),
    Column("owner_id", Text, ForeignKey("accounts.id")),  # None: added from the command line
    Column("visibility", Text, nullable=False),  # private, shared
    Column("name", Text, nullable=False),
    Column("location_kind", Text, nullable=False),  # reference: a path; stored: an object key
    Column("location", LargeBinary, nullable=False),  # os.fsencode of the path or key, any bytes a file name may hold
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("added_at", Instant, nullable=False),
    # The summary a list row shows; upper domains set it through the library's service.
    Column("verdict", Text, nullable=False),  # pending, healthy, note, suspect, corrupt, not-video, unreadable, …
    Column("verdict_message", Text),
    Column("proxy_state", Text, nullable=False),  # none, queued, encoding, ready, failed
    Column("poster", Text),  # object key of the 320 px thumbnail, for its version
    Column("probe", Document),  # media.Probe
    Column("duration_num", BigInteger),
    Column("duration_den", BigInteger),
    Column("rate_num", Integer),
    Column("rate_den", Integer),
    Column("width", Integer),
    Column("height", Integer),
    Index("ix_videos_added", text("added_at DESC"), text("id DESC")),
    Index("ix_videos_name", text("lower(name)"), "id"),
    Index("ix_videos_seconds", text("coalesce(CAST(duration_num AS FLOAT) / duration_den, -1)"), "id"),
    Index("ix_videos_verdict", "verdict", text("added_at DESC"), text("id DESC")),
    Index("ix_videos_proxy", "proxy_state", text("added_at DESC"), text("id DESC")),
    Index("ix_videos_asset", "asset_id"),
    Index("ix_videos_owner", "owner_id"),
    Index("uq_videos_location", "location_kind", "location", unique=True),
)

video_tags = Table(
    "video_tags",
    metadata,
    Column("video_id", Text, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index("ix_video_tags_tag", "tag", "video_id"),
)

# What lists are ordered by; written as their indexes are, or neither database would use those.
NAME_KEY = func.lower(videos.c.name)
SECONDS_KEY = literal_column("coalesce(CAST(videos.duration_num AS FLOAT) / videos.duration_den, -1)", Float)
