"""The libraries that the pages load lie beside them, in the bytes that were fetched; nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "worker" / "web"
VENDORED = (WEB / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")
A_SUM = re.compile(r"([0-9a-f]{64})  (\S+)")


@pytest.mark.parametrize("folder", VENDORED, ids=["pages", "tests"])
def test_every_file_of_a_library_is_the_one_that_was_fetched(folder: Path) -> None:
    written = dict(reversed(found.groups()) for found in A_SUM.finditer((folder / "README").read_text()))
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"README"}
    assert kept == set(written)
    for name, expected in written.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, f"{name} is not what was fetched"


@pytest.mark.parametrize("folder", VENDORED, ids=["pages", "tests"])
def test_every_library_brings_its_licence_and_its_version(folder: Path) -> None:
    libraries = [path for path in folder.iterdir() if path.is_dir()]
    assert libraries
    for library in libraries:
        name, _, version = library.name.rpartition("-")
        assert (library / "LICENSE").is_file()
        assert f"{name} {version} (" in (folder / "README").read_text()


def own_files() -> list[Path]:
    files = [*(WEB / "templates").rglob("*.html"), *(WEB / "static").glob("*.*")]
    assert len(files) > 20
    return files


def test_no_page_script_or_style_asks_another_host() -> None:
    for path in own_files():
        for address in re.findall(r"https?://[^\s\"')]+", path.read_text()):
            assert address == "http://www.w3.org/2000/svg", f"{path.name} names {address}"


def test_whatever_a_page_loads_is_there() -> None:
    for path in own_files():
        for address in re.findall(r"[\"'](/static/[^\"'?]+\.(?:js|css|svg))[\"']", path.read_text()):
            assert (WEB / address[1:]).is_file(), f"{path.name} loads {address}, which is not there"


def test_no_page_carries_a_script_or_a_style_in_its_text() -> None:
    """The pages' own rules forbid it, so it would do nothing; and a rule that pages break is soon given up. What goes
    into a package has to be one file, and its own policy names each text that may run."""
    for path in (WEB / "templates").rglob("*.html"):
        if path.parent.name == "package":
            continue
        text = path.read_text()
        assert "<style" not in text
        assert not re.search(r"\s(style|on[a-z]+|hx-on[^=]*)=\"", text), path.name
        assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path.name
