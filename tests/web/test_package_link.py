"""The link to a package: it opens with the code alone, and few codes can be tried."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.web.conftest import AS_BROWSER, Site
from tests.web.reading import read
from tests.web.records import short_call
from worker.core.packages import Package, Protection

ZIP = b"PK of a package"


@pytest.fixture
def call_id(site: Site) -> str:
    return site.publish(short_call())


def asked(site: Site, call_id: str, protection: Protection = Protection.LINK) -> Package:
    return site.store.packages.ask([call_id], for_person="p1", protection=protection)


def made(site: Site) -> None:
    job = site.store.packages.jobs.take(lease_s=60)
    assert job is not None
    with site.parts.package_files.writing(job.id) as writer:
        writer.write(ZIP)
        packed = writer.end()
    assert site.store.packages.jobs.ready(job, packed, kept_for=timedelta(days=30))


def take(site: Site, package: Package, code: str):
    return site.client.post(f"/packages/{package.id}", data={"code": code}, headers=AS_BROWSER)


def test_who_has_the_link_and_the_code_takes_the_package_without_an_account(site, call_id):
    package = asked(site, call_id)
    made(site)
    page = read(site.client.get(f"/packages/{package.id}", headers=AS_BROWSER).text)
    assert "opens with the code that came to you another way" in page.text
    answer = take(site, package, site.store.packages.show_code(package.id))
    assert (answer.status_code, answer.content) == (200, ZIP)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "private, no-store"
    assert site.store.packages.of(package.id).taken == 1


def test_a_wrong_code_opens_nothing_and_after_five_not_even_the_right_one(site, call_id):
    package = asked(site, call_id)
    made(site)
    code = site.store.packages.show_code(package.id)
    for _ in range(5):
        wrong = take(site, package, "0000-0000")
        assert (wrong.status_code, ZIP in wrong.content) == (403, False)
    assert take(site, package, code).status_code == 403
    site.now += timedelta(minutes=16)
    assert take(site, package, code).content == ZIP


def test_a_package_that_is_still_made_says_so_to_whoever_has_its_link(site, call_id):
    package = asked(site, call_id)
    page = read(site.client.get(f"/packages/{package.id}", headers=AS_BROWSER).text)
    assert "still being put together" in page.text
    assert (
        take(site, package, site.store.packages.show_code(package.id)).headers["content-type"].startswith("text/html")
    )


@pytest.mark.parametrize("protection", [Protection.NONE, Protection.CODE])
def test_what_is_not_for_links_is_answered_as_what_is_not_there(site, call_id, protection):
    package = asked(site, call_id, protection)
    made(site)
    there = site.client.get(f"/packages/{package.id}")
    nowhere = site.client.get("/packages/0000000000000000")
    assert there.status_code == nowhere.status_code == 404
    assert there.json()["detail"] == nowhere.json()["detail"]
    assert take(site, package, "0000-0000").status_code == 404


def test_a_link_whose_time_is_over_opens_nothing(site, call_id):
    package = asked(site, call_id)
    made(site)
    code = site.store.packages.show_code(package.id)
    site.store.packages.cancel(package.id)
    assert take(site, package, code).status_code == 404


def test_nothing_of_the_link_lies_in_the_clear(site, call_id, tmp_path: Path):
    package = asked(site, call_id)
    made(site)
    code = site.store.packages.show_code(package.id).encode()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert ZIP not in data, path
            assert code not in data, path
