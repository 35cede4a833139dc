"""What both checks of a package share: parts of it read, and what is wrong with one turned into a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.core.errors import BrokenRecord
from worker.core.log.findings import Finding, what_of


class Noting:
    """Turns what is raised in a block into a finding at a place."""

    def __init__(self, findings: list[Finding], file: str | None, place: Mapping[str, int]) -> None:
        self._findings, self._file, self._place = findings, file, place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, BrokenRecord):
            return False
        what = what_of(error)
        self._findings.append(
            Finding(what, number=self._place.get("number"), checkpoint=self._place.get("checkpoint"), file=self._file)
        )
        return True


def hashes_of(value: object) -> tuple[bytes, ...]:
    """A proof as it is written. Raises BrokenRecord for what is none."""
    try:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(bytes.fromhex(one) for one in value)
    except ValueError:
        pass
    raise BrokenRecord("A proof is a list of hashes in hexadecimal digits.")


def parsed(text: str) -> Any:
    """The JSON of a text. Raises BrokenRecord for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenRecord("It is not whole: this is no JSON.") from None


def field_of(value: object, *names: str) -> Any:
    """What stands under these names, one in the other; None where nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
