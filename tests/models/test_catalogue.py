"""What must hold for every entry of the catalogue, whoever adds the next one."""

from __future__ import annotations

import re

import pytest

from models.catalogue import CATALOGUE, HubSource, Model, RegistrySource, Use, WeightFile, find
from models.conversion import Conversion
from worker.bootstrap.adapters import wanted_models
from worker.core.errors import Invalid
from worker.settings import Settings

every_model = pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)


def test_no_two_models_share_a_name() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(set(names)) == len(names)


@every_model
def test_a_name_can_be_a_folder_and_a_setting(model: Model) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model.name)


@every_model
def test_every_model_says_its_licence_and_what_it_takes(model: Model) -> None:
    assert model.licence.strip()
    assert model.about.strip()
    assert model.memory_mb > 0
    assert model.disk_bytes > 0
    assert model.size_bytes > 0


@every_model
def test_every_model_can_be_had_somewhere_and_hubs_are_asked_first(model: Model) -> None:
    kinds = [isinstance(source, RegistrySource) for source in model.sources]
    assert kinds
    assert kinds == sorted(kinds), "folder, hub, registry is the order that people are told"


@every_model
def test_a_revision_is_a_commit_or_a_version_and_never_a_branch(model: Model) -> None:
    for source in model.sources:
        if isinstance(source, HubSource):
            assert re.fullmatch(r"[0-9a-f]{40}", source.revision)
        else:
            assert re.fullmatch(r"registry:[a-z0-9-]+==[0-9.]+(\.\.[a-z0-9-]+==[0-9.]+)?", source.revision)
            assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)+", package.version) for package in source.packages)


@every_model
def test_two_sources_of_a_model_have_different_revisions(model: Model) -> None:
    assert len({source.revision for source in model.sources}) == len(model.sources), (
        "a fetched model's revision tells where it came from"
    )


@every_model
def test_every_file_of_every_source_has_a_size_and_a_hash(model: Model) -> None:
    for source in model.sources:
        assert source.files
        assert len({file.name for file in source.files}) == len(source.files)
        for file in source.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.size_bytes > 0


@every_model
def test_the_packages_of_a_source_carry_exactly_its_files(model: Model) -> None:
    for source in model.sources:
        if isinstance(source, RegistrySource):
            carried = {name for package in source.packages for _, name in package.members}
            assert carried == {file.name for file in source.files}


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a/../../b", "a\\b", ""])
def test_a_file_that_would_lie_outside_its_folder_cannot_be_named(name: str) -> None:
    with pytest.raises(Invalid):
        WeightFile(name=name, size_bytes=1, sha256="0" * 64)


def test_a_model_is_found_by_its_name() -> None:
    assert find("whisper-base").use is Use.SPEECH


def test_asking_for_a_model_that_is_not_listed_says_what_there_is() -> None:
    with pytest.raises(Invalid, match=r"'whisper-huge'.*whisper-base, whisper-tiny\.en"):
        find("whisper-huge")


def test_every_writing_model_stands_here_in_both_forms_made_from_the_same_files() -> None:
    writing = {model.name: model for model in CATALOGUE if model.use is Use.WRITING}
    quick = {name for name, model in writing.items() if model.conversion is Conversion.GGUF_INT8}
    assert quick == {name for name in writing if name.endswith("-int8")}
    assert {name.removesuffix("-int8") for name in quick} == writing.keys() - quick
    for name in quick:
        full = writing[name.removesuffix("-int8")]
        assert writing[name].sources == full.sources
        assert writing[name].disk_bytes < full.disk_bytes / 3
        assert writing[name].memory_mb < full.memory_mb


def test_the_defaults_cover_hearing_telling_apart_and_writing() -> None:
    uses = {find(name).use for name in wanted_models(Settings())}
    assert uses == {Use.SPEECH, Use.SEGMENTATION, Use.VOICES, Use.WRITING}


def test_every_default_can_be_had_without_an_account() -> None:
    for name in wanted_models(Settings()):
        assert not all(isinstance(source, HubSource) and source.is_gated for source in find(name).sources)
