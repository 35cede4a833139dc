"""Links that are given to people.

An invitation names a call, for its customer: it opens nothing by itself, it offers the ways in. A one-time link signs
one person in, once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from worker.core.errors import NotAllowed
from worker.record.people import Person
from worker.record.store import Store

ONE_TIME = timedelta(days=1)
"""How long a one-time link waits to be used."""


def one_time_address(store: Store, person: Person, *, only_call: str | None, base: str, now: datetime) -> str:
    """A link that signs this person in once, to one call alone where it is named."""
    token = store.people.sessions.one_time_token(person.id, only_call=only_call, lasts=ONE_TIME, now=now)
    return f"{base.rstrip('/')}/sign-in/once/{token}"


class Invitations:
    """Makes and reads the tokens of invitations."""

    def __init__(self, secret: str, *, valid_for: timedelta) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="invitation")
        self._valid_for = valid_for

    def token(self, call_id: str) -> str:
        """The token that names this call."""
        return self._signer.dumps(call_id)

    def address(self, call_id: str, *, base: str) -> str:
        """The address that is sent to the customer of this call."""
        return f"{base.rstrip('/')}/c/{self.token(call_id)}"

    def call_id(self, token: str) -> str:
        """Which call this token names. Raises NotAllowed if it is not ours, was altered, or is too old."""
        try:
            call_id: str = self._signer.loads(token, max_age=int(self._valid_for.total_seconds()))
        except SignatureExpired as error:
            raise NotAllowed("This link is too old. Ask for a new one from whoever sent it.") from error
        except BadData as error:
            raise NotAllowed(
                "This link is not complete or not ours. Ask for a new one from whoever sent it."
            ) from error
        return call_id
