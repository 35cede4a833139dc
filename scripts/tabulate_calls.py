"""Works every recording of a folder and shows, for each, what came of it: a table for judging a change by eye.

Usage: ``python -m scripts.tabulate_calls FOLDER [--json] [--records FOLDER]``. All stages run in this process with the
models that the settings name; each model is loaded once. With ``--records`` the whole records are written there as
JSON, one file each.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from worker.bootstrap import code_revision
from worker.bootstrap.adapters import ports
from worker.core.call import CallDetails
from worker.core.errors import CallError
from worker.core.record import CallRecord
from worker.exchange.result_json import record_to_json
from worker.process import process_file
from worker.settings import read_settings
from worker.stages import STAGES

SOUND_FILES = {".wav", ".flac", ".ogg", ".mp3", ".m4a", ".webm", ".amr", ".g722"}
TIMED = tuple(stage.name for stage in STAGES if stage.name != "publish")


@dataclass(frozen=True)
class Row:
    """What went in, how long each stage took, and how much came out; or why nothing did."""

    file: str
    error: str | None = None
    duration_s: float = 0.0
    channels: int = 0
    seconds: float = 0.0
    real_time_factor: float = 0.0
    seconds_by_stage: dict[str, float] = field(default_factory=dict)
    language: str | None = None
    parties: list[str] = field(default_factory=list)
    holds: list[tuple[float, float]] = field(default_factory=list)
    turns: int = 0
    words: int = 0
    statements: int = 0
    quoted: int = 0
    warnings: list[str] = field(default_factory=list)


def row_of(name: str, record: CallRecord, seconds: float) -> Row:
    """The row of a record."""
    statements = record.summary.statements
    return Row(
        file=name,
        duration_s=round(record.recording.duration_s, 1),
        channels=record.recording.channels,
        seconds=round(seconds, 1),
        real_time_factor=round(seconds / record.recording.duration_s, 3),
        seconds_by_stage={made.stage: made.seconds for made in record.made_by},
        language=record.language,
        parties=[part.party.value for part in record.parties],
        holds=[(round(hold.start_s, 1), round(hold.end_s, 1)) for hold in record.holds],
        turns=len(record.turns),
        words=sum(len(turn.words) for turn in record.turns),
        statements=len(statements),
        quoted=sum(statement.quoted for statement in statements),
        warnings=[warning.code.value for warning in record.warnings],
    )


def work_folder(folder: Path, records: Path | None) -> list[Row]:
    """A row for each recording below the folder, in the order of names; a failure is a row too."""
    loaded = ports(read_settings())
    rows: list[Row] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SOUND_FILES):
        started = time.perf_counter()
        try:
            with tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
                record = process_file(
                    path,
                    CallDetails(),
                    ports=loaded,
                    scratch=Path(scratch),
                    code_revision=code_revision(),
                    show=lambda stage, share: None,  # noqa: ARG005 -- nobody watches
                )
        except CallError as error:
            rows.append(Row(path.name, f"{type(error).__name__}: {error.message}"))
            continue
        rows.append(row_of(path.name, record, time.perf_counter() - started))
        sys.stderr.write(f"{path.name}: {rows[-1].seconds} s\n")
        if records is not None:
            records.mkdir(parents=True, exist_ok=True)
            (records / f"{path.stem}.json").write_text(record_to_json(record, indent=2))
    return rows


def print_table(rows: list[Row], console: Console) -> None:
    """The rows for people; stages are named by their first letters."""
    stages = (name[:5] for name in TIMED)
    table = Table(
        "file", "s", "ch", *stages, "rtf", "turns", "words", "stmts", "quoted", "holds", "parties", "warnings"
    )
    for row in rows:
        if row.error is not None:
            table.add_row(row.file, row.error)
            continue
        table.add_row(
            row.file,
            *(f"{row.duration_s:.1f}", str(row.channels)),
            *(f"{row.seconds_by_stage.get(name, 0.0):.1f}" for name in TIMED),
            f"{row.real_time_factor:.2f}",
            *(str(count) for count in (row.turns, row.words, row.statements, row.quoted)),
            " ".join(f"{start_s:.0f}-{end_s:.0f}" for start_s, end_s in row.holds),
            " ".join(row.parties),
            " ".join(sorted(set(row.warnings))),
        )
    console.print(table)


def main() -> None:
    """Reads the arguments, works the folder and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--records", type=Path, help="folder for the whole records")
    given = parser.parse_args()
    rows = work_folder(given.folder, given.records)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if given.json:
        print(json.dumps({"calls": [asdict(row) for row in rows], "peak_mb": round(peak_mb)}, indent=2))
        return
    print_table(rows, Console(width=240))
    print(f"Peak memory of this process: {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
