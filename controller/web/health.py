"""`/health`: what the controller needs, asked for real, within a time limit.

Strangers may ask, so they learn one word of each component and nothing more; a component is
asked by one thread at a time and its word kept for some seconds, so that many questions cost
no more than one. Ready means that a webhook could be kept; live, that the process answers.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog
from starlette.responses import JSONResponse

from controller.errors import ControllerError, LedgerIntegrityError

Probe = Callable[[], str]
"""Returns the status word of a component; raises `UnavailableError` when it does not answer."""

_SECONDS = 3.0
_FRESH_SECONDS = 5.0
_LOG = structlog.get_logger("controller.web")


@dataclass(frozen=True, slots=True)
class Word:
    """What a component said of itself."""

    text: str
    is_well: bool
    is_broken: bool = False
    """True when its evidence does not hold, which is worse than no answer."""


@dataclass(frozen=True, slots=True)
class _Asked:
    since: float
    word: asyncio.Future[Word]


class Health:
    """Asks the components and tells how the whole is."""

    def __init__(self, probes: Mapping[str, Probe], vital: frozenset[str], version: str, threads: Executor) -> None:
        """Ask with `probes`, on `threads` of their own; without a `vital` one nothing can be accepted."""
        self._probes = probes
        self._vital = vital
        self._version = version
        self._threads = threads
        self._asked: dict[str, _Asked] = {}

    async def whole(self) -> JSONResponse:
        """Answer with every component's word; 503 when the whole is unhealthy."""
        words = await self._words(self._probes.keys())
        status = self._status(words)
        components = {name: word.text for name, word in words.items()}
        body = {"status": status, "version": self._version, "components": components}
        return JSONResponse(body, 503 if status == "unhealthy" else 200)

    async def ready(self) -> JSONResponse:
        """Answer 200 while every vital component is well, else 503."""
        words = await self._words(self._vital & self._probes.keys())
        is_ready = words.keys() == self._vital and all(word.is_well for word in words.values())
        return JSONResponse({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    async def live(self) -> JSONResponse:
        """Answer that the process answers."""
        return JSONResponse({"status": "alive"})

    def _status(self, words: Mapping[str, Word]) -> str:
        lost = self._vital - {name for name, word in words.items() if word.is_well}
        if lost or any(word.is_broken for word in words.values()):
            return "unhealthy"
        return "healthy" if all(word.is_well for word in words.values()) else "degraded"

    async def _words(self, names: Collection[str]) -> dict[str, Word]:
        return dict(zip(names, await asyncio.gather(*map(self._word, names)), strict=True))

    async def _word(self, name: str) -> Word:
        answering = self._answering(name)
        await asyncio.wait([answering], timeout=_SECONDS)
        return answering.result() if answering.done() else Word("no answer in time", is_well=False)

    def _answering(self, name: str) -> asyncio.Future[Word]:
        """Return the question under way or just answered, or ask anew."""
        loop = asyncio.get_running_loop()
        asked = self._asked.get(name)
        if asked is None or (asked.word.done() and loop.time() - asked.since > _FRESH_SECONDS):
            asked = _Asked(loop.time(), loop.run_in_executor(self._threads, _ask, name, self._probes[name]))
            self._asked[name] = asked
        return asked.word


def _ask(name: str, probe: Probe) -> Word:
    try:
        return Word(probe(), is_well=True)
    except LedgerIntegrityError as error:
        _LOG.critical("component is broken", component=name, error=str(error))
        return Word("broken", is_well=False, is_broken=True)
    except ControllerError as error:
        _LOG.warning("component is unavailable", component=name, error=str(error))
        return Word("unavailable", is_well=False)
    except Exception:  # noqa: BLE001 - the outermost frame of its thread: one probe cannot take the others along
        _LOG.exception("probe failed", component=name)
        return Word("unknown", is_well=False)
