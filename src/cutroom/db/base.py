"""The table registry and the column types every domain's `tables.py` shares."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Document = JSON().with_variant(JSONB(), "postgresql")
"""A JSON document column."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit ascending key; SQLite needs the plain word INTEGER to make it the row id."""

Instant = BigInteger
"""Microseconds since the epoch, UTC (`core.clock`)."""
