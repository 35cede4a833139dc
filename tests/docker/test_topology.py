"""compose.yaml and the Kubernetes example against the code: the settings, commands, stages and figures they name exist.

Nobody can start them here, so what they say is checked against what it is about.
"""

import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from worker import settings
from worker.cli import app
from worker.settings import Settings, read_settings

TOP = Path(__file__).parents[2]
DOCKER = TOP / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("onrecord:")}
IMAGES = ("web", "cpu", "cuda")
KUBERNETES = {
    (thing["kind"], thing["metadata"]["name"]): thing
    for path in sorted((DOCKER / "kubernetes").glob("*.yaml"))
    for thing in yaml.safe_load_all(path.read_text())
    if "metadata" in thing
}
DEPLOYMENTS = {
    name: thing["spec"]["template"]["spec"] for (kind, name), thing in KUBERNETES.items() if kind == "Deployment"
}


def known_settings() -> set[str]:
    return {f"ONRECORD_{name}".upper() for name in Settings.model_fields}


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


# What is run


def understood(arguments: list[str]) -> str:
    """The command that the arguments name, without running it. Raises for what the command line does not know."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("onrecord", list(arguments))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return context.command_path


def commands() -> Iterator[tuple[str, list[str]]]:
    for name, service in OURS.items():
        yield f"compose {name}", service.get("command", ["web"])
    for name, pod in DEPLOYMENTS.items():
        for container in chain(pod["containers"], pod.get("initContainers", ())):
            yield f"kubernetes {name} {container['name']}", container["args"]
    job = KUBERNETES["Job", "fetch-weights"]["spec"]["template"]["spec"]["containers"][0]
    yield "kubernetes fetch-weights", job["args"]


@pytest.mark.parametrize("arguments", [pytest.param(words, id=name) for name, words in commands()])
def test_what_a_container_runs_is_a_command(arguments: list[str]) -> None:
    words = [word for word in arguments if not word.startswith("-")]
    assert understood(arguments).split()[1:] == words[: 2 if words[0] == "models" else 1]


def stages_of(arguments: list[str]) -> set[str]:
    return {word.removeprefix("--stage=") for word in arguments if word.startswith("--stage=")}


def all_stages() -> set[str]:
    from worker.stages import STAGES

    return {"fetch", *(stage.name for stage in STAGES)}


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_with_either_profile_every_stage_has_a_worker_and_only_one_kind(profile: str) -> None:
    listening = [
        stages_of(service["command"])
        for name, service in OURS.items()
        if name.startswith("worker-") and profile in service.get("profiles", [profile])
    ]
    assert set().union(*listening) == all_stages()
    assert sum(len(stages) for stages in listening) == len(all_stages())


def test_on_kubernetes_every_stage_has_a_worker_and_each_scales_on_its_own_stages() -> None:
    workers = {name: stages_of(pod["containers"][0]["args"]) for name, pod in DEPLOYMENTS.items() if name != "web"}
    assert set().union(*workers.values()) == all_stages()
    for name, stages in workers.items():
        scaled = KUBERNETES["ScaledObject", name]["spec"]
        assert scaled["scaleTargetRef"]["name"] == name
        query = scaled["triggers"][0]["metadata"]["query"]
        for named in re.findall(r'stage=~"([^"]+)"', query):
            assert set(named.split("|")) == stages, "it scales on what it works"


def test_workers_scale_on_figures_that_are_given_out() -> None:
    code = "".join(path.read_text() for path in (TOP / "worker").rglob("*.py"))
    for (kind, _), thing in KUBERNETES.items():
        if kind != "ScaledObject":
            continue
        for figure in set(re.findall(r"onrecord_\w+", thing["spec"]["triggers"][0]["metadata"]["query"])):
            assert f'"{figure}"' in code, f"nobody gives out {figure}"


# What they are told


def test_every_setting_of_compose_is_one() -> None:
    told = {name for service in OURS.values() for name in service["environment"] if name.startswith("ONRECORD_")}
    assert told
    assert told <= known_settings()


def test_every_setting_of_kubernetes_is_one() -> None:
    told = {name for name in KUBERNETES["ConfigMap", "onrecord"]["data"] if name.startswith("ONRECORD_")}
    told |= {one["name"] for pod in DEPLOYMENTS.values() for one in pod["containers"][0].get("env", ())}
    assert told
    assert told <= known_settings()


def test_every_setting_of_the_images_is_one() -> None:
    assert set(re.findall(r"ONRECORD_\w+", (DOCKER / "Dockerfile").read_text())) <= known_settings()


def test_no_address_and_no_file_of_the_repository_holds_a_secret() -> None:
    for path in (*DOCKER.glob("*.yaml"), *(DOCKER / "kubernetes").glob("*.yaml"), DOCKER / "Dockerfile"):
        assert not re.search(r"://[^/\s:]+:[^@\s/]+@", path.read_text()), path.name


def test_a_worker_is_given_more_time_to_end_than_it_takes() -> None:
    for name, service in OURS.items():
        if name.startswith("worker-"):
            assert seconds(service["stop_grace_period"]) > int(service["environment"]["ONRECORD_GRACE_S"])
    grace_s = int(KUBERNETES["ConfigMap", "onrecord"]["data"]["ONRECORD_GRACE_S"])
    for name, pod in DEPLOYMENTS.items():
        if name != "web":
            assert pod["terminationGracePeriodSeconds"] > grace_s


# How they are kept up


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_of_compose_is_started_again_and_waits_for_what_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"].startswith(("unless-stopped", "on-failure"))
    for need, condition in service.get("depends_on", {}).items():
        assert need in SERVICES
        assert condition["condition"] in ("service_healthy", "service_completed_successfully")
        if condition["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[need]


def test_what_compose_mounts_and_joins_is_declared() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in COMPOSE["volumes"], name
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()


def test_nothing_of_ours_may_change_its_own_image_or_gain_rights() -> None:
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    for pod in DEPLOYMENTS.values():
        assert pod["securityContext"]["runAsNonRoot"]
        for container in chain(pod["containers"], pod.get("initContainers", ())):
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert container["image"].removeprefix("onrecord/") in IMAGES


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_kubernetes_asks_each_pod_how_it_is(name: str) -> None:
    container = DEPLOYMENTS[name]["containers"][0]
    ports = {port["name"] for port in container["ports"]}
    probes = [container["startupProbe"], container["livenessProbe"]]
    if name == "web":
        probes.append(container["readinessProbe"])
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert {probe["httpGet"]["port"] for probe in probes} <= ports


def test_what_kubernetes_mounts_is_there() -> None:
    for name, pod in DEPLOYMENTS.items():
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in chain(pod["containers"], pod.get("initContainers", ())):
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= volumes, name


# The secrets


def made(folder: Path) -> None:
    script = [sys.executable, DOCKER / "make_secrets.py", "--folder", folder]
    subprocess.run(script, check=True, capture_output=True, timeout=30)


def test_the_secrets_that_compose_asks_for_are_made_and_never_made_anew(tmp_path: Path) -> None:
    made(tmp_path)
    files = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == files.keys()
    variables = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text()))
    assert variables == {line.partition("=")[0] for line in (tmp_path / ".env").read_text().splitlines()}
    made(tmp_path)
    assert files == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


def test_a_file_named_as_a_setting_is_that_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path)
    for name in ("ONRECORD_DATABASE_URL", "ONRECORD_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "SECRETS", (tmp_path / "nowhere", tmp_path / "secrets"))
    read = read_settings()
    password = (tmp_path / "secrets" / "postgres_password").read_text()
    assert read.database_url == f"postgresql+psycopg://onrecord:{password}@postgres/onrecord"
    assert len(b64decode(read.master_key or "")) == len(b64decode(read.signing_key or "")) == 32
    assert read.link_secret


def test_the_environment_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path)
    monkeypatch.setattr(settings, "SECRETS", (tmp_path / "secrets",))
    monkeypatch.setenv("ONRECORD_DATABASE_URL", "sqlite:///elsewhere.db")
    assert read_settings().database_url == "sqlite:///elsewhere.db"
