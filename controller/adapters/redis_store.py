"""Redis, for what replicas share of people's sessions; `rediss://` speaks TLS.

A value ends by Redis's own clock. `GETDEL` makes taking atomic; Redis has it since 6.2.
"""

from datetime import timedelta

import redis

from controller.errors import ConfigurationError, UnavailableError

COMPONENT = "redis"
_PREFIX = "dvo:session:"
_SECONDS = 3.0


class RedisSessions:
    """Keeps values in the Redis at an address."""

    def __init__(self, url: str) -> None:
        """Connect to `url` at the first use. Raises `ConfigurationError` for no address of a Redis."""
        try:
            self._redis = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
        except ValueError:
            # What the library says of it can hold a part of the password.
            raise ConfigurationError(
                "REDIS_URL: is no address of a Redis; what is special in its password must be percent-encoded"
            ) from None

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """Keep `value` under `key` for `life`, in place of what was there."""
        try:
            self._redis.set(_PREFIX + key, value, px=life)
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`; None when nothing is, or no longer."""
        try:
            return _bytes(self._redis.get(_PREFIX + key))
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def take(self, key: str) -> bytes | None:
        """Return what is kept under `key` and keep it no longer; of many who take, one gets it."""
        try:
            return _bytes(self._redis.getdel(_PREFIX + key))
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def renew(self, key: str, life: timedelta) -> bool:
        """Let what is kept under `key` live for `life` from now; return whether there was anything."""
        try:
            return bool(self._redis.pexpire(_PREFIX + key, life))
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def replace(self, key: str, value: bytes, life: timedelta) -> bool:
        """Keep `value` under `key` if something is kept there."""
        try:
            return bool(self._redis.set(_PREFIX + key, value, px=life, xx=True))
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def ping(self) -> None:
        """Return when Redis answers."""
        try:
            self._redis.ping()
        except redis.RedisError as error:
            raise _unavailable(error) from error


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _unavailable(error: redis.RedisError) -> UnavailableError:
    # The message of the library can hold the address, and the address a password.
    return UnavailableError(f"Redis gave no answer: {type(error).__name__}", component=COMPONENT)
