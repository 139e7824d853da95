"""How many bearer tokens one core believes in a second, with the tenant's keys at hand.

Real RS256 signatures with a key of 2048 bits, and 20 groups in each token. The ratio is to what
checking the signature alone takes, in the same run, in seconds of processor time.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks.figure import Figure
from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.signing_keys import PublishedKey
from controller.adapters.system_clock import SystemClock
from controller.identity.bearer import Bearer, TokenTerms

_TENANT = "11111111-2222-3333-4444-555555555555"
_CLIENT = "cccccccc-2222-3333-4444-555555555555"
_ISSUER = f"https://login.example/{_TENANT}/v2.0"
_TOKENS = 5_000
_AT_LEAST = 2_000


def figures() -> Iterator[Figure]:
    """Measure, and yield what one token costs."""
    private = generate_private_key(public_exponent=65537, key_size=2048)
    key = PublishedKey(private.public_key(), frozenset({_ISSUER}))
    terms = TokenTerms(_TENANT, frozenset({_CLIENT}), "access_as_user")
    tokens = BearerTokens({"k": key}.get, terms, SystemClock())
    token = jwt.encode(_claims(), private, algorithm="RS256", headers={"kid": "k"})

    def believe() -> None:
        if not isinstance(tokens.read(token), Bearer):
            raise AssertionError("the token is not believed")

    def verify() -> None:
        jwt.api_jws.decode(token, key.public, algorithms=["RS256"])

    whole, alone = _seconds(believe), _seconds(verify)
    yield Figure("Bearer token believed, processor time", whole * 1e6, "µs", 1e6 / _AT_LEAST)
    yield Figure("of that, its signature alone", 100 * alone / whole, "%")


def _seconds(work: Callable[[], None]) -> float:
    """Return the seconds of processor time that one `work` takes."""
    work()
    started = time.process_time()
    for _ in range(_TOKENS):
        work()
    return (time.process_time() - started) / _TOKENS


def _claims() -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    person = "aaaaaaaa-2222-3333-4444-555555555555"
    groups = [f"{number:08x}-2222-3333-4444-555555555555" for number in range(20)]
    times = {"nbf": now, "iat": now, "exp": now + 3600}
    own = {"iss": _ISSUER, "tid": _TENANT, "aud": _CLIENT, "ver": "2.0", "oid": person, "scp": "access_as_user"}
    return {**own, **times, "groups": groups}
