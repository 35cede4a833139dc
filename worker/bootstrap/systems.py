"""The systems of others that an installation works with, as its settings name them: who is sent to, who hands over, who
signs people in. Each is set as a whole or not at all.
"""

from __future__ import annotations

from worker.core.errors import Invalid
from worker.exchange.outside import Outside
from worker.exchange.sending import MailServer, Sending, Webhook
from worker.intake.fetching import Access
from worker.intake.vendors import connect, genesys, standard, twilio, vonage
from worker.intake.vendors.delivered import Vendor
from worker.intake.vendors.taking import Certificates
from worker.settings import Settings
from worker.web.single_sign_on import SingleSignOn


def sending(settings: Settings) -> Sending:
    """The ways of sending that are set. Raises Invalid for a half of one."""
    if (settings.webhook_url is None) != (settings.webhook_secret is None):
        raise Invalid("ONRECORD_WEBHOOK_URL and ONRECORD_WEBHOOK_SECRET are set together.")
    return Sending(
        mail=MailServer(settings.smtp_url, mail_from=settings.mail_from) if settings.smtp_url else None,
        webhook=Webhook(settings.webhook_url, settings.webhook_secret)
        if settings.webhook_url and settings.webhook_secret
        else None,
    )


def webhooks(settings: Settings, outside: Outside) -> dict[str, Vendor]:
    """The webhooks that are set, by the name in their address. Raises Invalid for a part of one."""
    found: dict[str, Vendor] = {}
    if (account := _twilio(settings)) is not None:
        found[twilio.NAME] = account
    if (application := _vonage(settings)) is not None:
        found[vonage.NAME] = application
    topics = frozenset(topic.strip() for topic in settings.connect_topics.split(",") if topic.strip())
    if topics or settings.connect_key:
        found[connect.NAME] = connect.Connect(topics, settings.connect_key, Certificates(outside))
    if settings.genesys_secret:
        found[genesys.NAME] = genesys.Genesys(settings.genesys_secret)
    if settings.intake_secrets:
        found[standard.NAME] = standard.Standard(standard.read_secrets(settings.intake_secrets))
    return found


def accesses(settings: Settings) -> dict[str, Access]:
    """The credentials that open recordings, by the name under which they are announced."""
    found = {}
    if (account := _twilio(settings)) is not None:
        found[twilio.NAME] = Access(twilio.HOSTS, account.headers)
    if (application := _vonage(settings)) is not None:
        found[vonage.NAME] = Access(vonage.HOSTS, application.headers)
    return found


def _twilio(settings: Settings) -> twilio.Twilio | None:
    if (settings.twilio_account is None) != (settings.twilio_token is None):
        raise Invalid("ONRECORD_TWILIO_ACCOUNT and ONRECORD_TWILIO_TOKEN are set together.")
    if settings.twilio_account is None or settings.twilio_token is None:
        return None
    return twilio.Twilio(settings.twilio_account, settings.twilio_token)


def _vonage(settings: Settings) -> vonage.Vonage | None:
    parts = (settings.vonage_secret, settings.vonage_application, settings.vonage_private_key)
    if not any(parts):
        return None
    secret, application, private_key = parts
    if secret is None or application is None or private_key is None:
        raise Invalid("ONRECORD_VONAGE_SECRET, _APPLICATION and _PRIVATE_KEY are set together.")
    return vonage.Vonage(secret, application, private_key)


def single_sign_on(settings: Settings, base: str) -> SingleSignOn | None:
    """The company's own sign-in, where it is set. Raises Invalid for a half of it."""
    if (settings.oidc_issuer is None) != (settings.oidc_client_id is None):
        raise Invalid("ONRECORD_OIDC_ISSUER and ONRECORD_OIDC_CLIENT_ID are set together.")
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return SingleSignOn(
        settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_uri=f"{base}/sign-in/company/back",
    )
