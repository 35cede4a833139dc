"""Who may import whom (DESIGN.md section 5), read off the source; and that the command line stays light."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("worker", "models")

# For each room: which of our rooms it may import. A room is the longest matching prefix of a module's name.
MAY_IMPORT = {
    "worker.core": {"worker.core"},
    "worker.stages": {"worker.core", "worker.stages"},
    "worker.record": {"worker.core", "worker.record"},
    "worker.exchange": {"worker.core", "worker.exchange"},
    "worker.jobs": {
        "worker.core",
        "worker.stages",
        "worker.record",
        "worker.exchange",
        "worker.jobs",
        "worker.failures",
        "worker.logs",
    },
    "worker.intake": {
        "worker.core",
        "worker.stages",
        "worker.record",
        "worker.exchange",
        "worker.jobs",
        "worker.intake",
    },
    # they look on: of the work they know what it tells, and nothing but the command line starts them
    "worker.watching": {"worker.core", "worker.record", "worker.jobs", "worker.intake.limits", "worker.watching"},
    "worker.web": {
        "worker.core",
        "worker.stages.protecting",  # what people type is protected as what they say is
        "worker.record",
        "worker.exchange",
        "worker.jobs",
        "worker.intake",
        "worker.watching",
        "worker.logs",
        "worker.web",
    },
    # what the pages promise is carried out here, by a worker or a command: the pages know nothing of it
    "worker.owed": {
        "worker.core",
        "worker.record",
        "worker.exchange",
        "worker.jobs",
        "worker.web",
        "worker.logs",
        "worker.owed",
    },
    "models": {"worker.core", "models"},
}
# For each room: foreign packages that it may not import, at any depth of a function.
MAY_NOT_USE = {
    "worker.core": None,  # nothing but the standard library
    "worker.stages": {"rq", "redis", "sqlalchemy", "alembic", "fastapi"},
    "worker.record": {"rq", "redis", "fastapi", "starlette"},
    "worker.exchange": {"rq", "redis", "sqlalchemy", "alembic", "fastapi", "starlette"},
    "worker.jobs": {"sqlalchemy", "alembic", "fastapi", "starlette"},
    "worker.intake": {"rq", "redis", "sqlalchemy", "alembic", "fastapi", "starlette"},
    "worker.watching": {"rq", "redis", "sqlalchemy", "alembic", "fastapi", "starlette"},
    "worker.web": {"rq", "sqlalchemy", "alembic"},
    "worker.owed": {"rq", "redis", "sqlalchemy", "alembic", "fastapi", "starlette"},
    "models": {"rq", "redis", "sqlalchemy", "alembic", "fastapi"},
}
ONLY_IN_MODELS = {"torch", "torchaudio", "transformers", "faster_whisper", "ctranslate2", "pyannote", "huggingface_hub"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def imports(path: Path) -> set[str]:
    """Every module named by an import statement of a file, wherever in it, save those for type checking only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.add(node.module)
            named.update(f"{node.module}.{alias.name}" for alias in node.names)
    return named


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_module_keeps_to_its_room(module: str, path: Path):
    named = imports(path)
    ours = {name for name in named if name.split(".")[0] in OURS and name not in OURS}
    foreign = {name.split(".")[0] for name in named} - set(OURS)
    for room, allowed in MAY_IMPORT.items():
        if inside(module, room):
            strangers = {name for name in ours if not any(inside(name, one) for one in allowed)}
            assert not strangers, f"{module} may import {sorted(allowed)} only"
    if inside(module, "worker.core"):
        assert foreign <= sys.stdlib_module_names | {"__future__"}, "core is the standard library and nothing else"
    for room, refused in MAY_NOT_USE.items():
        if refused and inside(module, room):
            assert not (foreign | {name.split(".")[0] for name in ours}) & refused, f"{module} knows too much"
    if not inside(module, "models"):
        assert not foreign & ONLY_IN_MODELS, f"{module}: model libraries live in models/ alone"
    if not any(inside(module, room) for room in ("worker.cli", "worker.bootstrap", "worker.enqueue")):
        assert not any(inside(name, "worker.bootstrap") for name in named), (
            "only the command line knows how the parts are put together"
        )


HEAVY = ("torch", "faster_whisper", "pyannote", "transformers", "numpy", "sqlalchemy", "fastapi", "rq")


@pytest.mark.parametrize("code", ["import worker, models", "import worker.cli"])
def test_importing_the_package_loads_no_model(code: str):
    check = f"{code}; import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.strip()
    assert shown == "[]"


def test_help_costs_less_than_half_a_second_of_processor_time():
    """Processor time and not the clock's, so that a busy machine does not fail what it does not slow."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "worker", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)

    assert min(seconds() for _ in range(3)) < 0.5
