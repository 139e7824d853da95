"""Who has set up a second factor: Entra ID's registration report, read whole.

Follows Microsoft Graph "List userRegistrationDetails". Its service takes five requests in ten
seconds of an application (Graph "Service-specific throttling limits"), so people are not asked
about one by one: every page is read, at most each quarter of an hour, and reading that was told
to wait goes on where it stopped. Meanwhile the report before it counts, for an hour at most.
"""

from collections.abc import Mapping

from controller.adapters.entra.graph import MAX_PAGES, Graph, endless, items, link_in
from controller.errors import ConfigurationError, InputError, StaleError, UnavailableError
from controller.identity.tenant import object_id

FRESH_SECONDS = 900.0
OLDEST_SECONDS = 3600.0
_PATH = "/reports/authenticationMethods/userRegistrationDetails"


class RegistrationReport:
    """The report as last read; its owner holds a lock around every call."""

    def __init__(self, graph: Graph) -> None:
        """Read from `graph`."""
        self._graph = graph
        self._read_at: float | None = None
        self._draft: dict[str, bool] = {}
        self._link: str | None = None
        self.capable: Mapping[str, bool] = {}
        """Whether somebody has a second factor that is set up and allowed, by object id; who is missing is unknown."""
        self.version = 0
        """Another number for another content."""
        self.refusal: ConfigurationError | None = None
        """Why it may not be read; nobody is then known to have a second factor."""

    def refresh(self, now: float) -> None:
        """Read it again when it is old. Raises as `Graph.get` when there is none young enough to count."""
        age = None if self._read_at is None else now - self._read_at
        if age is not None and age < FRESH_SECONDS:
            return
        try:
            self._go_on()
        except ConfigurationError as error:
            self._settle({}, now, error)
        except (UnavailableError, StaleError, InputError) as error:
            if not isinstance(error, UnavailableError) or error.retry_after_seconds is None:
                self._draft, self._link = {}, None
            if age is None or age >= OLDEST_SECONDS:
                raise
        else:
            self._settle(self._draft, now, None)

    def _go_on(self) -> None:
        for _ in range(MAX_PAGES):
            answer = self._graph.get(_PATH) if self._link is None else self._graph.follow(self._link)
            for item in items(answer):
                self._note(item)
            self._link = link_in(answer, "@odata.nextLink")
            if self._link is None:
                return
        raise endless(_PATH)

    def _note(self, item: object) -> None:
        person = object_id(str(item.get("id", ""))) if isinstance(item, Mapping) else None
        capable = item.get("isMfaCapable") if isinstance(item, Mapping) else None
        if person is not None and isinstance(capable, bool):
            self._draft[person] = capable

    def _settle(self, found: Mapping[str, bool], now: float, refusal: ConfigurationError | None) -> None:
        self.version += found != self.capable
        self.capable, self.refusal, self._read_at = found, refusal, now
        self._draft, self._link = {}, None
