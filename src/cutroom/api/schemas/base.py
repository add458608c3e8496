"""The bases of requests and answers, the words they share, and errors."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

RoleName = Literal["viewer", "editor", "administrator"]
Visibility = Literal["private", "shared"]
VerdictStatus = Literal[
    "pending", "healthy", "note", "suspect", "corrupt", "not-video", "unreadable", "timed-out", "crashed"
]
ProxyState = Literal["none", "queued", "encoding", "ready", "failed"]
JobStateName = Literal["waiting", "queued", "running", "paused", "done", "failed", "cancelled"]
ClipState = Literal["queued", "ready", "failed", "cancelled"]
CutMode = Literal["copy", "smart", "exact"]


class Shape(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """Base of every request body: unknown fields are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        """Refuse text that no database takes: NUL characters and halves of surrogate pairs."""
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and ("\0" in text or not _is_unicode(text)):
                raise ValueError("The text holds a character that cannot be stored")
        return value


class ErrorBody(Shape):
    code: str = Field(description="Stable words with dots, such as media.not-video")
    message: str = Field(description="One sentence: what and where")
    hint: str | None = Field(description="One sentence: what to do")


class ErrorAnswer(Shape):
    error: ErrorBody


class Person(Shape):
    id: str
    name: str


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
