"""What is counted and timed for whoever watches the controller, in Prometheus' form.

Follows Prometheus docs "Metric and label naming": units are in the names, and a label takes its
values from a closed set, so that nothing a stranger sends can make a series. What is not known is
NaN, never zero: a rate limit nobody has told yet is not an exhausted one.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from controller.errors import UnavailableError
from controller.web.github_events import HANDLED

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_KINDS = frozenset(
    {"pull", "main", "merge", "deployment", "progress", "late", "queue", "restore", "seal", "sweep", "changes"}
    | {"review", "issue", "comments", "comment", "button", "rerun"}
)
_STAGES = frozenset({"asked", "admitted", "deployed"})
_ANSWER_SECONDS = (0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)
_LOOK_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


class Metrics:
    """The figures of one controller, in a registry of their own."""

    def __init__(self, version: str) -> None:
        registry = self._registry = CollectorRegistry()
        Info("dvo_build", "The running version.", registry=registry).info({"version": version})
        self._requests = Counter(
            "dvo_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._request_seconds = Histogram(
            "dvo_http_request_seconds",
            "From a request's head to the end of its answer.",
            ("method", "route"),
            buckets=_ANSWER_SECONDS,
            registry=registry,
        )
        self._webhooks = Counter(
            "dvo_webhooks",
            "Deliveries of GitHub: marked, ignored, refused, or not kept because the database is away.",
            ("event", "outcome"),
            registry=registry,
        )
        self._looks = Counter(
            "dvo_looks", "Looks at a key: done, stale, unavailable or failed.", ("kind", "outcome"), registry=registry
        )
        self._look_seconds = Histogram(
            "dvo_look_seconds", "How long a look takes.", ("kind",), buckets=_LOOK_SECONDS, registry=registry
        )
        self._calls = Counter(
            "dvo_github_requests", "Calls to GitHub; status `none`: no answer.", ("method", "status"), registry=registry
        )
        self._add_budget(registry)
        self._break_glass = Counter(
            "dvo_break_glass",
            "Uses of break-glass, by stage: asked, admitted, deployed.",
            ("stage",),
            registry=registry,
        )
        for stage in sorted(_STAGES):
            self._break_glass.labels(stage)
        self._sealed = _unknown(
            Gauge(
                "dvo_ledger_last_sealed_timestamp_seconds",
                "Everything recorded before this time is in the ledger.",
                registry=registry,
            )
        )
        self._waiting = _unknown(Gauge("dvo_queue_waiting_keys", "Keys that want looking at now.", registry=registry))

        self._green = _unknown(
            Gauge(
                "dvo_oldest_green_check_age_seconds",
                "Since the green check that has gone longest without being verified was verified; 0 without any.",
                registry=registry,
            )
        )

    def _add_budget(self, registry: CollectorRegistry) -> None:
        self._remaining = _unknown(
            Gauge("dvo_github_rate_limit_remaining", "Calls left in GitHub's present hour.", registry=registry)
        )
        self._reset = _unknown(
            Gauge("dvo_github_rate_limit_reset_timestamp_seconds", "When that hour ends.", registry=registry)
        )
        self._put_off = Counter(
            "dvo_github_put_off_requests",
            "Calls not sent, and work not begun, for want of budget.",
            ("shortage",),
            registry=registry,
        )
        self._points = _unknown(
            Gauge("dvo_github_points_last_minute", "Points spent, of the 900 a minute has.", registry=registry)
        )
        self._creations = _unknown(
            Gauge("dvo_github_creations_last_hour", "Content created, of 500 an hour.", registry=registry)
        )

    def answered(self, method: str, route: str | None, status: int | None, seconds: float) -> None:
        """Count a request to `route` (None: no such place); `status` None means that nothing was answered."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route or "other", status or "none").inc()
        self._request_seconds.labels(known, route or "other").observe(seconds)

    def delivered(self, event: str, outcome: str) -> None:
        """Count a delivery by its event, as far as it is one of ours, and what became of it."""
        self._webhooks.labels(event if event in HANDLED else "other", outcome).inc()

    def looked(self, key: str, outcome: str, seconds: float) -> None:
        """Count a look at `key`."""
        kind = key.partition("/")[0]
        known = kind if kind in _KINDS else "other"
        self._looks.labels(known, outcome).inc()
        self._look_seconds.labels(known).observe(seconds)

    def broke_glass(self, stage: str) -> None:
        """Count a use of break-glass at one of its stages; other stages are its review's."""
        if stage in _STAGES:
            self._break_glass.labels(stage).inc()

    def called(self, method: str, status: int | None) -> None:
        """Count a call to GitHub."""
        self._calls.labels(method if method in _METHODS else "other", status or "none").inc()

    def told_budget(self, remaining: int, resets_at: int) -> None:
        """Note what GitHub says is left, and until when (seconds since 1970)."""
        self._remaining.set(remaining)
        self._reset.set(resets_at)

    def put_off(self, shortage: str) -> None:
        """Count what was not sent or not begun, by what was short."""
        self._put_off.labels(shortage).inc()

    def watch_budget(self, points: Callable[[], int], creations: Callable[[], int]) -> None:
        """Ask, whenever the figures are read, what GitHub's secondary limits have seen of us."""
        self._points.set_function(points)
        self._creations.set_function(creations)

    def watch(self, sealed_at: Callable[[], datetime | None], waiting: Callable[[], int]) -> None:
        """Ask, whenever the figures are read, up to when all is sealed and how many keys are waiting."""

        def sealed_seconds() -> float:
            at = sealed_at()
            return math.nan if at is None else at.timestamp()

        self._sealed.set_function(sealed_seconds)
        self._waiting.set_function(_or_unknown(waiting))

    def watch_green_checks(self, age_seconds: Callable[[], float]) -> None:
        """Ask, whenever the figures are read, for how long the oldest green check has not been verified."""
        self._green.set_function(_or_unknown(age_seconds))

    def exposition(self) -> bytes:
        """Return every figure in the text format."""
        return generate_latest(_Lean(self._registry))


class _Lean(CollectorRegistry):
    """A registry without the time each series began, which would double what is told and tells nothing new."""

    def __init__(self, whole: Collector) -> None:
        super().__init__()
        self._whole = whole

    def collect(self) -> Iterator[Metric]:
        for metric in self._whole.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _unknown(gauge: Gauge) -> Gauge:
    gauge.set(math.nan)
    return gauge


def _or_unknown(ask: Callable[[], float]) -> Callable[[], float]:
    def asked() -> float:
        try:
            return ask()
        except UnavailableError:
            # Health says so; the other figures are wanted all the more.
            return math.nan

    return asked
