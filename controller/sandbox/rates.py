"""How many calls each token has left this hour (docs "Rate limits for the REST API")."""

from dataclasses import dataclass, field
from datetime import datetime

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a token has used of its hour."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """Return how many calls are left."""
        return max(self.limit - self.used, 0)

    def headers(self) -> dict[str, str]:
        """Return GitHub's rate headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }


@dataclass(slots=True)
class Rates:
    """The counters of all tokens; `limit` may be lowered by a test."""

    limit: int = 15_000
    _used: dict[tuple[str, int], int] = field(default_factory=dict)

    def allowance(self, token: str, now: datetime) -> Allowance:
        """Return what a token has used."""
        hour = int(now.timestamp()) // _HOUR
        return Allowance(self.limit, self._used.get((token, hour), 0), (hour + 1) * _HOUR)

    def spend(self, token: str, now: datetime) -> None:
        """Count one call."""
        hour = int(now.timestamp()) // _HOUR
        self._used[token, hour] = self._used.get((token, hour), 0) + 1

    def give_back(self, token: str, now: datetime) -> None:
        """Take back one call: an answer that nothing changed costs nothing."""
        self._used[token, int(now.timestamp()) // _HOUR] -= 1
