"""Which webhooks are taken follows from the settings, and half of one is refused at the start."""

from __future__ import annotations

import base64

import pytest
from joserfc.jwk import RSAKey

from worker.bootstrap.systems import accesses, webhooks
from worker.core.errors import Invalid
from worker.exchange.outside import Outside
from worker.settings import Settings

KEY = RSAKey.generate_key(2048).as_pem(private=True).decode()
SECRET = f"whsec_{base64.b64encode(b'1' * 32).decode()}"
TWILIO = {"twilio_account": "AC1", "twilio_token": "t" * 32}
VONAGE = {"vonage_application": "a", "vonage_secret": "s" * 16, "vonage_private_key": KEY}


def test_without_settings_nothing_is_taken() -> None:
    assert webhooks(Settings(), Outside()) == {}
    assert accesses(Settings()) == {}


def test_each_system_that_is_set_up_has_its_address_and_its_credentials() -> None:
    settings = Settings(
        **TWILIO,
        **VONAGE,
        connect_topics=" arn:aws:sns:a:1:b ,",
        genesys_secret="g" * 16,
        intake_secrets=f"pbx={SECRET}",
    )
    assert set(webhooks(settings, Outside())) == {"twilio", "vonage", "connect", "genesys", "standard"}
    assert set(accesses(settings)) == {"twilio", "vonage"}
    assert set(webhooks(Settings(connect_key="k" * 32), Outside())) == {"connect"}


@pytest.mark.parametrize("missing", [*TWILIO, *VONAGE])
def test_half_of_one_is_refused(missing: str) -> None:
    whole = TWILIO if missing in TWILIO else VONAGE
    with pytest.raises(Invalid, match="together"):
        webhooks(Settings(**{name: value for name, value in whole.items() if name != missing}), Outside())


def test_no_secret_shows_where_settings_do() -> None:
    shown = repr(Settings(**TWILIO, **VONAGE, connect_key="k" * 32, genesys_secret="g" * 16, intake_secrets=SECRET))
    for secret in ("t" * 32, "s" * 16, "PRIVATE KEY", "k" * 32, "g" * 16, SECRET):
        assert secret not in shown
