"""Fetches the libraries that the pages load, in fixed versions, and lays the files that are used beside the pages.

They come from the package registry through its ordinary client (``npm pack``, which checks what it downloads against
the registry's own hash) and are served from our package, so that no page ever asks another host for anything. A README
in each folder names every file with its SHA-256; the tests compare. Running this again gives the same bytes.

    python scripts/fetch_front_end.py
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Library:
    """One package of the registry and the files of it that are used, as paths within the package."""

    name: str
    version: str
    licence: str
    used_for: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where its files lie. The version is part of it, so that a browser never takes an old file for a new one."""
        return f"{self.name}-{self.version}"


PAGES = (
    Library(
        "htmx.org", "4.0.1", "0BSD", "puts an answer's parts in place without reloading the page", ("dist/htmx.min.js",)
    ),
    Library(
        "wavesurfer.js",
        "8.0.1",
        "BSD-3-Clause",
        "draws the sound of a call, and moves in it",
        ("dist/wavesurfer.esm.js",),
    ),
)
TESTS = (Library("axe-core", "4.14.1", "MPL-2.0", "looks for what keeps people from reading a page", ("axe.min.js",)),)
PLACES = {ROOT / "worker/web/static/vendor": PAGES, ROOT / "tests/browser/vendor": TESTS}


def fetch(library: Library, into: Path) -> dict[str, bytes]:
    """The library's used files and its licence, by the name under which they are kept."""
    asked = f"{library.name}@{library.version}"
    said = subprocess.run(
        ["npm", "pack", asked, "--json", "--ignore-scripts"], cwd=into, check=True, capture_output=True, text=True
    )
    packed = json.loads(said.stdout)
    (one,) = packed if isinstance(packed, list) else packed.values()  # newer clients answer by name
    found: dict[str, bytes] = {}
    with tarfile.open(into / one["filename"]) as package:
        for path in (*library.files, "LICENSE"):
            member = package.extractfile(f"package/{path}")
            if member is None:
                raise SystemExit(f"{asked} has no file {path}.")
            found[Path(path).name] = member.read()
    return found


def readme(kept: dict[Library, dict[str, bytes]]) -> str:
    """What lies in a folder: a line a file, as ``sha256sum --check`` reads it, under what the library is."""
    lines = ["Written by scripts/fetch_front_end.py. Not our work: each folder has the licence of its library."]
    for library, files in kept.items():
        lines += ["", f"{library.name} {library.version} ({library.licence}): {library.used_for}"]
        lines += [
            f"{hashlib.sha256(content).hexdigest()}  {library.folder}/{name}" for name, content in sorted(files.items())
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fetches everything and writes it into its places."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for place, libraries in PLACES.items():
        kept: dict[Library, dict[str, bytes]] = {}
        for library in libraries:
            with tempfile.TemporaryDirectory() as folder:
                kept[library] = fetch(library, Path(folder))
            for name, content in kept[library].items():
                path = place / library.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                print(path.relative_to(ROOT))
        (place / "README").write_text(readme(kept))


if __name__ == "__main__":
    main()
