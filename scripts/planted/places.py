"""Where things may lie: files, databases, queues and the memory of their servers, each read as it is.

Every function gives what it found and adds a line to ``searched`` for each place that it looked at.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile
import sqlalchemy as sa
from numpy.typing import NDArray
from redis import Redis

from scripts.planted.forms import Hit, Planted, PlantedSound, hits

RAW_RATE_HZ = 16_000  # of decoded sound on scratch disks
BLOCK_BYTES = 1 << 22
OVERLAP_BYTES = 4096
_MAPPED = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


@dataclass
class Search:
    """One search for what was planted, and the places it came by."""

    planted: Sequence[Planted]
    searched: list[str] = field(default_factory=list)
    found: list[Hit] = field(default_factory=list)

    def content(self, content: bytes, where: str) -> None:
        """Bytes that somebody was given, such as the answer of a page."""
        self.searched.append(f"{where} ({len(content)} bytes)")
        self.found += hits(self.planted, content, where)

    def sound(self, tracks: NDArray[np.float32], rate_hz: int, where: str) -> None:
        """Sound that somebody was given: (samples, channels)."""
        self.searched.append(f"{where} (heard through: {len(tracks) / rate_hz:.1f} s)")
        heard = (one for one in self.planted if isinstance(one, PlantedSound) and one.is_heard(tracks, rate_hz))
        self.found += [Hit(one.name, where) for one in heard]

    def folder(self, folder: Path, *, without: Sequence[Path] = ()) -> None:
        """Every file below a folder: its name, its bytes, and, where it is sound, what is heard in it."""
        files = heard = size = 0
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink() or any(path.is_relative_to(one) for one in without):
                continue
            where = f"file {path}"
            self.found += hits(self.planted, str(path.relative_to(folder)).encode(), where)
            with suppress(FileNotFoundError):  # a server may take its files away meanwhile
                for block in _blocks(path):
                    self.found += hits(self.planted, block, where)
                    size += len(block)
                files += 1
                heard += self._hear(path, where)
        self.searched.append(f"folder {folder}: {files} files, {size} bytes, {heard} of them heard through as sound")

    def _hear(self, path: Path, where: str) -> bool:
        sounds = [one for one in self.planted if isinstance(one, PlantedSound)]
        if path.suffix in (".f32", ".cleaned", ".part"):
            raw = np.frombuffer(path.read_bytes()[: path.stat().st_size // 4 * 4], np.float32)
            tracks, rate_hz = np.nan_to_num(raw)[:, None], RAW_RATE_HZ
        else:
            try:
                tracks, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, RuntimeError, TypeError):
                return False
        self.found += [Hit(one.name, where) for one in sounds if one.is_heard(tracks, rate_hz)]
        return True

    def database(self, url: str) -> None:
        """Every row of every table as a dump would have it, whatever the files of the database look like."""
        engine = sa.create_engine(url)
        tables = sa.MetaData()
        tables.reflect(engine)
        rows = 0
        with engine.connect() as connection:
            for table in tables.sorted_tables:
                for row in connection.execute(sa.select(table)):
                    rows += 1
                    line = b"\t".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
                    self.found += hits(self.planted, line, f"table {table.name}")
        engine.dispose()
        names = ", ".join(table.name for table in tables.sorted_tables)
        self.searched.append(f"database {engine.dialect.name}: {rows} rows of {len(tables.tables)} tables ({names})")

    def redis(self, redis: Redis) -> None:
        """Every key and what it holds, RQ's packed jobs unpacked; the file that a server would write; its memory."""
        keys = list(redis.scan_iter())
        for key in keys:
            for value in (key, *_held_by(redis, key)):
                self.found += hits(self.planted, value, f"redis key {key.decode(errors='replace')}")
                with suppress(zlib.error):
                    self.found += hits(self.planted, zlib.decompress(value), "redis, unpacked")
        self.searched.append(f"redis: {len(keys)} keys")
        settings = cast("dict[str, str]", redis.config_get("*"))
        self._redis_dump(redis, Path(settings["dir"]) / settings["dbfilename"], settings["rdbcompression"])
        self.searched.append(f"redis append-only file: {'searched' if settings['appendonly'] == 'yes' else 'off'}")
        if settings["appendonly"] == "yes":
            self.folder(Path(settings["dir"]) / settings.get("appenddirname", ""))
        self.memory(int(cast("dict[str, Any]", redis.info("server"))["process_id"]), "redis server")

    def _redis_dump(self, redis: Redis, dump: Path, compression: str) -> None:
        """What the server would write, plainly for this once. It keeps its settings, and the file that it had."""
        had_one = dump.is_file()
        redis.config_set("rdbcompression", "no")
        try:
            redis.save()
        finally:
            redis.config_set("rdbcompression", compression)
        if dump.is_file():
            self.content(dump.read_bytes(), "redis dump (RDB)")
            if not had_one:
                dump.unlink()

    def memory(self, process: int, name: str) -> None:
        """What a process has in its memory, where this system lets us read it."""
        size = 0
        try:
            maps = Path(f"/proc/{process}/maps").read_text()
            with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
                for line in maps.splitlines():
                    if (found := _MAPPED.match(line)) is None:
                        continue
                    start, end = int(found[1], 16), int(found[2], 16)
                    with suppress(OSError, OverflowError):  # a stretch that is no memory
                        memory.seek(start)
                        content = memory.read(end - start)
                        size += len(content)
                        self.found += hits(self.planted, content, f"memory of the {name}")
        except OSError as error:
            self.searched.append(f"memory of the {name}: not readable here ({type(error).__name__})")
            return
        self.searched.append(f"memory of the {name}: {size} bytes")


def _blocks(path: Path) -> Iterator[bytes]:
    """A file in blocks that overlap; one that is packed, unpacked."""
    with path.open("rb") as plain:
        is_packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_packed else path.open("rb") as file:
        before = b""
        while block := file.read(BLOCK_BYTES):
            yield before + block
            before = block[-OVERLAP_BYTES:]


def _held_by(redis: Any, key: bytes) -> Iterator[bytes]:
    match redis.type(key).decode():
        case "string":
            yield redis.get(key) or b""
        case "hash":
            for name, value in redis.hgetall(key).items():
                yield from (name, value)
        case "list":
            yield from redis.lrange(key, 0, -1)
        case "set":
            yield from redis.smembers(key)
        case "zset":
            yield from redis.zrange(key, 0, -1)
        case "stream":
            for _, fields in redis.xrange(key):
                yield from (part for pair in fields.items() for part in pair)
