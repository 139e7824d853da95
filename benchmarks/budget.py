"""Whether 4,000 judgements an hour fit into one installation's budget at GitHub, and what ends first.

The mix below is lived on the virtual clock, through the budget of the real adapter: in each of two
hours a tenth of it, within a tenth of an hour and with a tenth of the limit, so that minutes are true
to scale. Every call is counted at the sandbox. The means of each kind then tell what a whole hour of
this mix, and of another one, would need. GitHub counts for the hour what is not answered 304, and for
the minute one point for a read (304 too, to be careful) and five for a write.

The mix is of a busy company with 25 pull requests open at any time:

- 40 are opened in an hour, and 30 merged; each merge has the 25 that stay open looked at twice: when
  the base moved, and when the merge was decided;
- 300 pushes and 240 reviews: a pull request has approvals of commits it has left behind, and each of
  those is compared again when its base moved;
- a sweep every minute marks what changed, and each of the 25 four times an hour whether it did or not;
- 420 webhooks that change nothing: edited titles, repeated deliveries, drafts.

That is fewer than 4,000 judgements; looks that find nothing make them up to so many. The quiet hour is
one in which somebody pushes elsewhere every minute and nobody touches the 25: what it takes to look at
all of them every minute, and at what changed only.

A look that finds nothing new still costs about one request: the answer about a pull request holds
its repository, whose `pushed_at` changes with every push to any branch, so it is rarely a 304. Half of
what is open goes to development and is green at once, half to production and waits for a
review. The eventful hour has 4,000 judgements too, but none that find nothing: pushes and reviews
take their places. It is not claimed to fit.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

from benchmarks.company import MERGE, SWEEP, Company, Cost, company
from benchmarks.figure import Figure
from controller.adapters.github.pacing import CREATIONS_AN_HOUR, POINTS_A_MINUTE

LIMIT = 12_500
MOST_USED = 70
"""Per cent of the limit."""
_OPEN, _MERGES, _SWEEPS, _IDLE = 25, 30, 60, 420
LIVED: Mapping[str, int] = {
    "opened": 40,
    "pushed": 300,
    "reviewed": 240,
    "base moved": 2 * _MERGES * _OPEN,
    "nothing changed": 4 * _OPEN + _IDLE,
}
MIX: Mapping[str, int] = {**LIVED, "nothing changed": LIVED["nothing changed"] + 4_000 - sum(LIVED.values())}
EVENTFUL: Mapping[str, int] = {"opened": 40, "pushed": 1_367, "reviewed": 1_093, "base moved": 2 * _MERGES * _OPEN}
_BESIDE: Mapping[str, int] = {MERGE: _MERGES, SWEEP: _SWEEPS}
"""What is looked at in an hour that is no judgement of a pull request."""
_PART = 10
_SECONDS = 3600 // _PART


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure."""
    with company(LIMIT) as measured:
        for _ in range(_OPEN):
            measured.open_one()
            measured.clock.pass_seconds(20)
        for act in (measured.push_to, measured.review):
            for number in measured.open:
                act(number)
                measured.clock.pass_seconds(5)
        measured.costs.clear()
        yield from _series(measured)
        costs = dict(measured.costs)
        yield from _by_kind(costs)
        yield from _hour(costs, "busy hour as lived", LIVED, MOST_USED)
        yield from _hour(costs, "busy hour", MIX, MOST_USED)
        yield from _hour(costs, "eventful hour", EVENTFUL, None)
        yield from _quiet(measured, "everything", "sweep")
        yield from _quiet(measured, "what changed", "changes")
        yield from _rush(measured)


def _by_kind(costs: Mapping[str, Cost]) -> Iterator[Figure]:
    for kind in (*MIX, *_BESIDE):
        cost, looks = costs[kind], costs[kind].looks
        yield Figure(f"{kind}: requests of the hour's limit, mean", cost.requests / looks, "requests")
        yield Figure(f"{kind}: answered 304, mean", cost.unchanged / looks, "requests")
        yield Figure(f"{kind}: points of the minute's limit, mean", cost.points / looks, "points")
        yield Figure(f"{kind}: creations of content, mean", cost.creations / looks, "creations")


def _hour(costs: Mapping[str, Cost], name: str, mix: Mapping[str, int], bound: float | None) -> Iterator[Figure]:
    """Tell how much of each limit an hour of `mix` needs; what needs the largest part binds first."""
    judgements = sum(mix.values())
    whole = {**mix, **_BESIDE}

    def total(of: Callable[[Cost], int]) -> float:
        return sum(count * of(costs[kind]) / costs[kind].looks for kind, count in whole.items())

    requests = total(lambda cost: cost.requests)
    used = {
        "requests": requests / LIMIT,
        "points": total(lambda cost: cost.points) / (60 * POINTS_A_MINUTE),
        "creations": total(lambda cost: cost.creations) / CREATIONS_AN_HOUR,
    }
    first = max(used, key=lambda limit: used[limit])
    yield Figure(f"{name} of {judgements:,} judgements: requests", requests, "requests", bound and LIMIT * bound / 100)
    yield Figure(f"{name}: used of {LIMIT:,} requests", 100 * used["requests"], "%", bound)
    yield Figure(f"{name}: used of {POINTS_A_MINUTE} points a minute, if evenly spread", 100 * used["points"], "%")
    yield Figure(f"{name}: used of {CREATIONS_AN_HOUR} creations of content", 100 * used["creations"], "%")
    yield Figure(f"{name}: judgements an hour where the {first} end, which is first", judgements / used[first], "")


def _series(measured: Company) -> Iterator[Figure]:
    """Live a tenth of each of two hours, with a tenth of the limit."""
    measured.put_off.clear()
    measured.sandbox.world.rates.limit = LIMIT // _PART
    measured.most_points, judged, used = 0, 0, []
    for _ in range(2):
        _next_hour(measured)
        before, looked = _requests(measured), _judged(measured)
        _live(measured)
        used.append(100 * (_requests(measured) - before) / (LIMIT // _PART))
        judged += _judged(measured) - looked
    measured.sandbox.world.rates.limit = LIMIT
    yield Figure("lived on the virtual clock: judgements", judged, "")
    yield Figure("lived: used of the limit, the worse of two hours", max(used), "%", MOST_USED)
    yield Figure("lived: most points of a minute", measured.most_points, "points")
    yield Figure("lived: looks and calls put off for want of budget", measured.put_off.total(), "", 0)


def _live(measured: Company) -> None:
    turn = cycle(list(measured.open))
    acts: list[tuple[int, Callable[[], None]]] = [
        ((MIX["opened"] - _MERGES) // _PART, measured.open_one),
        (MIX["pushed"] // _PART, lambda: measured.push_to(next(turn))),
        (MIX["reviewed"] // _PART, lambda: measured.review(next(turn))),
        (_IDLE // _PART, lambda: measured.look_again(next(turn))),
        (_MERGES // _PART, measured.merge_one),
        (_SWEEPS // _PART, measured.sweep),
    ]
    start = measured.clock.monotonic()
    due = sorted(((i + 0.5) * _SECONDS / many, order) for order, (many, _) in enumerate(acts) for i in range(many))
    for at, order in due:
        measured.clock.pass_seconds(max(0.0, start + at - measured.clock.monotonic()))
        acts[order][1]()


def _quiet(measured: Company, name: str, key: str) -> Iterator[Figure]:
    """Let an hour pass in which nothing happens to what is open, each minute with a sweep."""
    kind = f"quiet hour, each minute {name}"
    _next_hour(measured)
    measured.look("quiet", "quiet", key)
    for _ in range(_SWEEPS):
        measured.clock.pass_seconds(60)
        measured.push_elsewhere()
        measured.look(kind, f"{kind}, beside", key)
    looks, beside = measured.costs[kind], measured.costs[f"{kind}, beside"]
    yield Figure(f"{kind}, {len(measured.open)} open: looks at pull requests", looks.looks, "looks")
    yield Figure(f"{kind}: requests", looks.requests + beside.requests, "requests")
    yield Figure(f"{kind}: points a minute", (looks.points + beside.points) / _SWEEPS, "points")


def _rush(measured: Company) -> Iterator[Figure]:
    """Push everywhere at the same moment, until something is put off."""
    _next_hour(measured)
    measured.put_off.clear()
    before, turn = measured.costs["pushed"].looks, cycle(list(measured.open))
    while not measured.put_off:
        measured.push_to(next(turn))
    made = measured.costs["pushed"].looks - before - 1
    yield Figure(f"pushes judged within one minute until the {next(iter(measured.put_off))} ends", made, "")


def _next_hour(measured: Company) -> None:
    measured.clock.pass_seconds(3600 - measured.clock.monotonic() % 3600 + 60)


def _requests(measured: Company) -> int:
    return sum(cost.requests for cost in measured.costs.values())


def _judged(measured: Company) -> int:
    return sum(measured.costs[kind].looks for kind in MIX)
