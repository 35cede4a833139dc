"""Settings: what is misspelt or does not fit is refused by name, and secrets stay secret."""

import pytest

from worker.core.errors import Invalid
from worker.settings import read_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    import os

    for name in list(os.environ):
        if name.startswith("ONRECORD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))


def test_the_embedded_defaults_lie_in_the_data_folder(tmp_path):
    settings = read_settings()
    assert settings.database == f"sqlite:///{tmp_path}/onrecord.db"
    assert settings.sounds == f"{tmp_path}/sounds"
    assert settings.redis_url is None


def test_an_unknown_setting_is_refused_and_the_near_one_is_named(monkeypatch):
    monkeypatch.setenv("ONRECORD_REDIS_ULR", "redis://localhost")
    with pytest.raises(Invalid, match=r"no setting ONRECORD_REDIS_ULR\. Did you mean ONRECORD_REDIS_URL\?"):
        read_settings()


def test_a_value_that_does_not_fit_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("ONRECORD_LINK_SECRET", "short-secret")
    with pytest.raises(Invalid, match="ONRECORD_LINK_SECRET does not fit") as refused:
        read_settings()
    assert "short-secret" not in refused.value.message


def test_a_secret_is_not_in_what_settings_print(monkeypatch):
    secret = "s" * 40
    monkeypatch.setenv("ONRECORD_LINK_SECRET", secret)
    assert secret not in repr(read_settings())


def test_an_empty_setting_is_not_set(monkeypatch, tmp_path):
    """Compose files name settings without a value; an empty data folder would be the current one."""
    monkeypatch.setenv("ONRECORD_SCRATCH_DIR", "")
    assert read_settings().scratch == tmp_path / "scratch"
