"""Proxies and previews hang on the asset, so that equal contents share them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from cutroom.db.base import Document, Instant, metadata

proxies = Table(
    "proxies",
    metadata,
    Column("id", Text, primary_key=True),  # prx_…
    Column("asset_id", Text, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("recipe", Text, nullable=False),  # hash of everything that decides the bits
    Column("state", Text, nullable=False),  # encoding, ready, failed
    Column("playlist_key", Text),  # object key of the master playlist; moved only under the job's fence
    Column("rungs", Document, nullable=False),  # [{height, width, bandwidth, codecs}]
    Column("timing", Document),  # frame rate, count, and the presentation times where the rate varies
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("error", Document),
    Index("uq_proxies_asset_recipe", "asset_id", "recipe", unique=True),
)

previews = Table(
    "previews",
    metadata,
    Column("asset_id", Text, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),  # thumbnails, sprite, peaks
    Column("prefix", Text, nullable=False),  # object key prefix of its files
    Column("detail", Document, nullable=False),  # file names, tile map, thumbhash
    Column("created_at", Instant, nullable=False),
)
