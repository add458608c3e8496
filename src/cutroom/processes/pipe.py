"""What goes over the pipe between a parent and its child: one JSON object a line, in both directions."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind

_TARGET = re.compile(r"cutroom(?:\.[a-z][a-z0-9_]*)+:[a-z][a-z0-9_]*")


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parent to child: run `target` with `arguments`."""

    id: int
    target: str  # "cutroom.package.work:function"
    arguments: dict[str, Any] = {}


class PipeError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A failure as it travels: an `ErrorDocument` and its kind."""

    code: str
    message: str
    hint: str | None = None
    kind: ErrorKind = ErrorKind.FAILED

    def raised(self) -> CutroomError:
        """The same failure as an exception of this process."""
        return CutroomError(self.code, self.message, hint=self.hint, kind=self.kind)


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Child to parent: any number with `progress`, then one with either `done` and `result`, or `error`."""

    id: int
    progress: dict[str, Any] | None = None
    done: bool = False
    result: Any = None
    error: PipeError | None = None


T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(Request)
_answers = msgspec.json.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """One line, newline included."""
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:
        # A file name that is not UTF-8: Python's own encoder writes its surrogates as escapes.
        return json.dumps(msgspec.to_builtins(message)).encode() + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a line that the parent wrote."""
    return _decode(line, _requests)


def decode_answer(line: bytes) -> Answer:
    """Read a line that the child wrote."""
    return _decode(line, _answers)


def _decode(line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(line)
    except msgspec.DecodeError:
        if b"\\udc" not in line:
            raise
        return msgspec.convert(json.loads(line), decoder.type)


def split_target(target: str) -> tuple[str, str]:
    """Module and function of a target; only functions inside `cutroom` may be named.

    Raises `process.target-unknown` for anything else.
    """
    if not _TARGET.fullmatch(target):
        raise CutroomError("process.target-unknown", f"{target!r} does not name a work function of Cutroom.")
    module, _, function = target.partition(":")
    return module, function
