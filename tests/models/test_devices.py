"""Where models run: a word for it, checked, and one GPU of several."""

from __future__ import annotations

import pytest

from models.devices import pick_device, read_device
from worker.core.errors import Invalid, Unavailable
from worker.settings import Settings, read_settings


@pytest.mark.parametrize(
    ("device", "kind", "number"),
    [("cpu", "cpu", 0), ("cuda", "cuda", 0), ("cuda:0", "cuda", 0), ("cuda:12", "cuda", 12)],
)
def test_a_device_is_a_kind_and_a_number(device, kind, number):
    assert read_device(device, of="model") == (kind, number)


@pytest.mark.parametrize("device", ["abacus", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "", "cuda:²"])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(Invalid, match=r"The speech model runs on cpu, on cuda or on one of several GPUs"):
        read_device(device, of="speech model")


def test_a_gpu_that_is_not_there_may_come_back():
    with pytest.raises(Unavailable, match=r"cuda:97 cannot be used here\. Set ONRECORD_DEVICE=cpu"):
        pick_device("cuda:97")


def test_the_processor_is_always_there():
    assert pick_device("cpu") == "cpu"
    assert pick_device("auto") in ("cpu", "cuda")


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:15"])
def test_the_setting_takes_them(device):
    assert Settings(device=device).device == device


def test_the_setting_refuses_another_by_its_name(monkeypatch):
    monkeypatch.setenv("ONRECORD_DEVICE", "gpu")
    with pytest.raises(Invalid, match="ONRECORD_DEVICE does not fit"):
        read_settings()
