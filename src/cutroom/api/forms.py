"""Reading multipart/form-data as it arrives: files are passed on in pieces, nothing is kept of them here."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from cutroom.core.errors import CutroomError, ErrorKind

_MOST_FIELDS = 100
_MOST_FIELD_BYTES = 16 << 10
_MOST_HEADER_BYTES = 8 << 10


class FilePart:
    """A file in a form: its field, its name, and its bytes, to be read before the form goes on."""

    def __init__(self, form: Form, field: str, name: str) -> None:
        self._form = form
        self.field = field
        self.name = name

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes, as they come."""
        while (event := await self._form.event()) is not None:
            if event is _END:
                return
            assert isinstance(event, bytes)
            yield event
        raise _broken("it ends in the middle of a file")


class Form:
    """`next_file` until it answers None; `fields` then holds everything else that was in the form."""

    def __init__(self, body: AsyncIterator[bytes], content_type: str) -> None:
        """Raises `http.form` for what is not multipart/form-data."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
            raise CutroomError(
                "http.form", "This address takes a form (multipart/form-data).", kind=ErrorKind.UNSUPPORTED
            )
        self.fields: dict[str, str] = {}
        self._body = body
        self._events: deque[object] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._header = [b"", b""]
        self._value: bytearray | None = None  # of the field that is being read; None inside a file
        self._field = ""
        self._whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    async def next_file(self) -> FilePart | None:
        """The next file; None at the form's end. Raises `http.form` for what is broken."""
        while (event := await self.event()) is not None:
            if isinstance(event, FilePart):
                return event
        if not self._whole:
            raise _broken("it ends early")
        return None

    async def event(self) -> object | None:
        """The next thing that the parser found."""
        while not self._events:
            try:
                piece = await anext(self._body)
            except StopAsyncIteration:
                return None
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise _broken(str(error).rstrip(".")) from None
        return self._events.popleft()

    def _on_part_begin(self) -> None:
        self._headers, self._header = {}, [b"", b""]

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]
        if len(self._header[1]) > _MOST_HEADER_BYTES:
            raise _broken("one of its headers is too long")

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[name.lower()] = value
        self._header = [b"", b""]

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._value = None
            name = options[b"filename"].decode("utf-8", "replace")
            self._events.append(FilePart(self, self._field, name))
        else:
            self._value = bytearray()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._value is None:
            self._events.append(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _MOST_FIELD_BYTES:
            raise _broken(f"the field {self._field[:40]!r} is too long")

    def _on_part_end(self) -> None:
        if self._value is None:
            self._events.append(_END)
        else:
            self.fields[self._field] = self._value.decode("utf-8", "replace")
            if len(self.fields) > _MOST_FIELDS:
                raise _broken("it has too many fields")

    def _on_end(self) -> None:
        self._whole = True


_END = object()


def _broken(reason: str) -> CutroomError:
    return CutroomError("http.form", f"The form cannot be read: {reason}.", hint="Send it again.")
