"""The API against its own description: Schemathesis makes requests from it, fitting and not, and reads the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from tests.services import KEYS
from tests.web.conftest import Site
from tests.web.records import short_call
from worker.core.log.entry import Role
from worker.exchange.vcon import VconSigner
from worker.exchange.vcon.sealing import new_key
from worker.record.senders import Scope
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.api.app import PLACE

WHAT_HOLDS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
]
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "460", "5xx"]
CONFIG = SchemathesisConfig.from_dict(
    {
        # Which key a request carries is ours to say: without it all would be refused for that alone.
        "generation": {"with-security-parameters": False},
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSED},
            "missing_required_header": {"expected-statuses": REFUSED},
        },
    }
)
EACH = settings(
    max_examples=80,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Asker:
    """The customer of a call with a record, signed in, who also has an API key, and the application."""

    site: Site
    call_id: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("openapi")
    store = Store(f"sqlite:///{folder / 'onrecord.db'}", KEYS)
    store.migrate()
    site = Site(folder, store, SoundStore(str(folder / "sounds"), store.sound_keys))
    signer = VconSigner.from_pem(new_key("records.example.com", site.now))
    site.parts = replace(site.parts, vcon_signer=lambda: signer)
    with site.client_of(site.parts) as site.client:
        call_id = site.publish(short_call())
        site.sign_in(store.people.side(call_id, Role.CUSTOMER))
        store.log.include()
        store.log.publish(site.parts.now())
        (token,) = site.client.cookies.values()
        headers = {
            "Cookie": f"{site.parts.access.cookie}={token}",
            "X-CSRF-Token": site.client.headers["X-CSRF-Token"],
            "Sec-Fetch-Site": "same-origin",
            "Authorization": f"Bearer {store.senders.add('pbx-berlin', list(Scope), now=site.now)}",
            "Tus-Resumable": "1.0.0",
        }
        yield Asker(site, call_id, headers)
    store.close()


@pytest.fixture(scope="module")
def operations(asker: Asker) -> list[APIOperation]:
    described = schemathesis.openapi.from_asgi(f"{PLACE}/openapi.json", asker.site.client.app, config=CONFIG)
    return [operation.ok() for operation in described.get_all_operations()]


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_the_description_promises(
    asker: Asker, operations: list[APIOperation], mode: GenerationMode, subtests: pytest.Subtests
):
    """Half of the requests are about a call that is there. Where nothing is sent, nothing can fail to fit."""
    tried = [one for one in operations if mode.is_positive or one.query or one.body]
    assert {one.label for one in tried} >= {"GET /calls", "POST /calls/{call_id}/annotations", "POST /calls"}
    for operation in tried:
        with subtests.test(operation.label):

            @EACH
            @given(operation.as_strategy(generation_mode=mode), st.booleans())
            def holds(case: Case, is_there: bool) -> None:
                if is_there and "call_id" in case.path_parameters:
                    case.path_parameters["call_id"] = asker.call_id
                if is_there and "upload_id" in case.path_parameters:
                    uploads = asker.site.store.uploads
                    upload = uploads.begin("pbx-berlin", 1000, "", now=asker.site.now)
                    case.path_parameters["upload_id"] = upload.id
                case.call_and_validate(headers=asker.headers, checks=WHAT_HOLDS)

            holds()


def test_every_part_of_the_description_says_what_it_is(operations: list[APIOperation]):
    for operation in operations:
        raw = operation.definition.raw
        assert raw["summary"], operation.label
        assert raw["description"], operation.label
        assert raw["tags"], operation.label
        assert {status for status in raw["responses"] if status >= "400"}, "what can go wrong is said"
