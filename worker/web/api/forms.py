"""Reads a form (multipart/form-data, RFC 7578) with a recording as it comes: its bytes go to the disk, hashed on the
way, and never lie in memory as a whole. A form that breaks off is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from worker.core.errors import Invalid
from worker.record.blobs import BLOCK_BYTES
from worker.record.sealed_sounds import Incoming
from worker.web.uploads import too_large

RECORDING, DETAILS = "recording", "details"
LARGEST_TEXT = 256 * 1024  # bytes of any part but the recording
LARGEST_HEADERS = 16 * 1024  # bytes of those of one part
MOST_PARTS = 16
NOT_READ = "This form (multipart/form-data) cannot be read to its end. Nothing was accepted."


@dataclass
class Form:
    """What was sent beside the recording: the parts by name, and the name of the recording's file, None without one."""

    texts: dict[str, bytes] = field(default_factory=dict)
    file_name: str | None = None


async def read_form(request: Request, recording: Incoming, *, largest: int, check_room: Callable[[int], None]) -> Form:
    """Reads a form to its end; the file in its part ``recording`` is then in ``recording``.

    ``check_room`` is asked before so many bytes are written, and raises where there is no room for them: a form need
    not say how long it is. Raises Invalid for what is no form, HTTPException 413 where the recording has more than
    ``largest`` bytes, and ClientDisconnect where it breaks off.
    """
    _kind, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        reader = _Reader(MultipartParser(options[b"boundary"], {}))
        await _receive(request, reader, recording, largest, check_room)
        reader.parser.finalize()
    except (FormParserError, KeyError, ValueError) as error:
        raise Invalid(NOT_READ) from error
    if not reader.is_at_end:
        raise Invalid(NOT_READ)
    return reader.form


async def _receive(
    request: Request, reader: _Reader, recording: Incoming, largest: int, check_room: Callable[[int], None]
) -> None:
    """Receives all of it, also what is too much: else a sender hears of a broken connection, and not why."""
    is_too_large = False
    async for block in request.stream():
        if not is_too_large:
            reader.parser.write(block)
        is_too_large = is_too_large or recording.size_bytes + len(reader.held) > largest
        if len(reader.held) >= BLOCK_BYTES and not is_too_large:
            await run_in_threadpool(check_room, len(reader.held))
            await run_in_threadpool(recording.write, reader.taken())
    if is_too_large:
        raise too_large(largest)
    await run_in_threadpool(recording.write, reader.taken())


class _Reader:
    """Takes what the parser finds: the recording's bytes into ``held``, everything else into the form."""

    def __init__(self, parser: MultipartParser) -> None:
        self.parser, self.form = parser, Form()
        self.held = bytearray()
        self.is_at_end = False
        self._name = ""
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._headers_bytes = 0
        parser.set_callback("part_begin", self._begin)
        parser.set_callback("header_field", self._header_field)
        parser.set_callback("header_value", self._header_value)
        parser.set_callback("header_end", self._header_end)
        parser.set_callback("headers_finished", self._headers_finished)
        parser.set_callback("part_data", self._data)
        parser.set_callback("end", self._end)

    def taken(self) -> bytes:
        """The recording's bytes that came since they were taken last."""
        taken = bytes(self.held)
        self.held.clear()
        return taken

    def _begin(self) -> None:
        self._disposition, self._headers_bytes = b"", 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += self._counted(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._counted(data[start:end])

    def _counted(self, data: bytes) -> bytes:
        self._headers_bytes += len(data)
        if self._headers_bytes > LARGEST_HEADERS:
            raise ValueError("The headers of a part are too long.")
        return data

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _kind, options = parse_options_header(self._disposition)
        self._name = options[b"name"].decode("utf-8", "replace")
        is_file = self._name == RECORDING and b"filename" in options
        if self._name in self.form.texts or (is_file and self.form.file_name is not None):
            raise ValueError("A part comes twice.")
        if len(self.form.texts) >= MOST_PARTS:
            raise ValueError("There are too many parts.")
        if is_file:
            self.form.file_name, self._name = options[b"filename"].decode("utf-8", "replace"), RECORDING
        else:
            self.form.texts[self._name] = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name not in self.form.texts:
            self.held += data[start:end]
            return
        text = self.form.texts[self._name] + data[start:end]
        if len(text) > LARGEST_TEXT:
            raise HTTPException(413, f"More than {LARGEST_TEXT // 1024} kB was sent beside the recording.")
        self.form.texts[self._name] = text

    def _end(self) -> None:
        self.is_at_end = True
