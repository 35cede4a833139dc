"""Writes the settings table of the README from the settings themselves; with ``--check``, only says if it is behind.

The table stands between two marks, so everything else in the README is written by people.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic_core import PydanticUndefined

from worker.settings import PREFIX, Settings

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings: written by scripts/write_readme_tables.py -->", "<!-- end of settings -->"

# Defaults that depend on the machine, as people would say them.
DEFAULT_IN_WORDS = {
    "data_dir": "the user's data folder",
    "models_dir": "the user's cache folder",
    "threads": "all cores, at most 8",
}


def settings_table() -> str:
    """The table in Markdown, one row for each setting in the order of the class."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = DEFAULT_IN_WORDS.get(name)
        if default is None:
            if field.default is PydanticUndefined:
                raise ValueError(f"The setting {name} needs its default in words.")
            default = "not set" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def with_table(text: str) -> str:
    """The README with the table of today. Raises ValueError if the marks are not there."""
    before, found_begin, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError("The README has lost the marks of its settings table.")
    return f"{before}{BEGIN}\n\n{settings_table()}\n\n{END}{after}"


def main() -> int:
    """0 if the README is as it should be or was written; 1 if it is behind and only to be checked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if the table is behind")
    given = parser.parse_args()
    text = README.read_text()
    wanted = with_table(text)
    if given.check:
        return int(text != wanted)
    README.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
