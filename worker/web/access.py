"""Who may open what: signed links, each for one call and one party, for a limited time.

A link is an address with a token. The token says which call and which party, signed with the installation's secret; it
is no session and carries no name. Everything that decides on access is in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from worker.core.call import Party
from worker.core.errors import Invalid, NotAllowed

PARTIES = (Party.AGENT, Party.CUSTOMER)


@dataclass(frozen=True)
class Holder:
    """Whoever holds a link: one party of one call."""

    call_id: str
    party: Party


class Links:
    """Makes and reads the tokens of links."""

    def __init__(self, secret: str, *, valid_for: timedelta) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="record link")
        self._valid_for = valid_for

    def token(self, holder: Holder) -> str:
        """A token that opens this call for this party. Raises Invalid for anyone who is not a party to it."""
        if holder.party not in PARTIES:
            raise Invalid("A link is for the agent or for the customer of a call.")
        return self._signer.dumps([holder.call_id, holder.party.value])

    def address(self, holder: Holder, *, base: str) -> str:
        """The address that opens this call's record for this party, under the installation's own address."""
        return f"{base.rstrip('/')}/r/{self.token(holder)}"

    def holder(self, token: str) -> Holder:
        """Who holds this token. Raises NotAllowed if it is not ours, was altered, or is too old."""
        try:
            call_id, party = self._signer.loads(token, max_age=int(self._valid_for.total_seconds()))
        except SignatureExpired as error:
            raise NotAllowed("This link is too old. Ask for a new one from whoever sent it.") from error
        except BadData as error:
            raise NotAllowed(
                "This link is not complete or not ours. Ask for a new one from whoever sent it."
            ) from error
        return Holder(call_id, Party(party))
