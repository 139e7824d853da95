"""How much one client may ask for: the allowances of the doors, counted once for all replicas.

Each allowance is a moving window, so that no turn of a minute lets twice as much through. A
counter that cannot be reached lets nobody through.
"""

from enum import Enum
from math import ceil

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from controller.errors import UnavailableError
from controller.ports.clock import Clock


class Allowance(Enum):
    """What is counted, and how much of it is allowed to whom."""

    SIGN_IN = RateLimitItemPerMinute(10, namespace="sign-in")
    """Attempts to sign in of one address."""
    TOKENS = RateLimitItemPerMinute(10, namespace="tokens")
    """Tokens that were not believed, of one address; they use up nobody's attempts to sign in."""
    FAILURES = RateLimitItemPerMinute(20, 15, namespace="failures")
    """Of one address; whoever fails so often is locked out until the oldest failures are 15 minutes old."""
    DEPLOYMENTS = RateLimitItemPerHour(100, namespace="deployments")
    """Proposed by one person."""
    AUDIT_QUERIES = RateLimitItemPerHour(1000, namespace="audit-queries")
    """Of one person."""


class Limits:
    """Counts in `storage`, which replicas share."""

    def __init__(self, storage: MemoryStorage | RedisStorage, clock: Clock) -> None:
        """Count in `storage`; a Redis must be told to wrap its exceptions."""
        self._limiter = MovingWindowRateLimiter(storage)
        self._clock = clock

    def take(self, allowance: Allowance, who: str) -> int | None:
        """Use one of an allowance; None when it was there, else after how many seconds there is one again.

        Raises `UnavailableError` when nobody can say how many were used.
        """
        try:
            return None if self._limiter.hit(allowance.value, who) else self._wait(allowance.value, who)
        except StorageError as error:
            raise _unavailable(error) from error

    def look(self, allowance: Allowance, who: str) -> int | None:
        """Answer as `take` would, and use nothing. Raises as it does."""
        try:
            return None if self._limiter.test(allowance.value, who) else self._wait(allowance.value, who)
        except StorageError as error:
            raise _unavailable(error) from error

    def _wait(self, item: RateLimitItem, who: str) -> int:
        reset = self._limiter.get_window_stats(item, who).reset_time
        return min(max(1, ceil(reset - self._clock.now().timestamp())), item.get_expiry())


def _unavailable(error: StorageError) -> UnavailableError:
    # The message of the storage can hold its address, and the address a password.
    return UnavailableError(f"what was used of the limits is not known: {type(error).__name__}", component="redis")
