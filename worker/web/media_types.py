"""What a request says that its body is."""

from __future__ import annotations

from starlette.datastructures import Headers


def media_type(headers: Headers) -> str:
    """The media type of a body in small letters, without its parameters; empty where nothing is said of it."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
