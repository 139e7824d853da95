"""What every open pull request rests on, briefly: what was, when it is compared with now, tells whether to look.

Of each pull request: its head, its label and when it was touched, the tip of its base (with its policies and
CODEOWNERS), what happened on main, the reviews of one that was admitted or is objected to, which of its
moments are past, the owners of what it changes, and everybody in the directory. GitHub does not say that
dismissing a review touches a pull request, so reviews are compared too where one that is gone would change
the checks. Every moment has its timer; that it is past is compared as well, for a timer may be lost. What a
survey does not see is found by looking anyway, at each pull request in its own minute of every quarter of an hour.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from controller.change.facts import Snapshot
from controller.change.names import RepoPath, digest_of
from controller.desired_state.canonical import canonical_json
from controller.errors import ControllerError, LedgerIntegrityError
from controller.ledger.event import Event, EventType
from controller.ownership.codeowners import codeowners_of, codeowners_path, owners_of
from controller.ownership.owner import Owner
from controller.ports.code_host import OpenPullRequest
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer
from controller.workflow.history import ADMITTED
from controller.workflow.involving import Involving
from controller.workflow.unadmitted import Unadmitted

LONGEST_SECONDS = 900
"""The most that lies between two looks at an open pull request."""
REMEMBERED = "sweep/pulls"
"""Where the newest survey is kept."""
_APART_SECONDS = 61
"""How far pull requests with consecutive numbers are looked at apart: another minute for each."""
_JUDGED = frozenset({EventType.POLICY_EVALUATED})
_BROKEN_GLASS = frozenset({EventType.BREAKGLASS_USED})
_TOLD_TO_POLICY = frozenset({EventType.RELEASE_PUBLISHED, EventType.DEPLOY_COMPLETED, EventType.BREAKGLASS_USED})
"""What of the past a policy is told, beside what main holds; events are only ever added."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one pull request rests on, as digests."""

    facts: str
    people: str | None
    """None when that cannot be told: nobody is then taken to be as before."""
    is_admitted: bool
    """Its checks are green."""

    def equals(self, earlier: "Standing | None") -> bool:
        """Return whether it is certain that nothing changed since `earlier`."""
        return self.people is not None and self == earlier


Survey = Mapping[int, Standing]
"""How each open pull request stands, by number."""


class Surveyor:
    """Takes surveys."""

    def __init__(self, gatherer: Gatherer, involving: Involving, unadmitted: Unadmitted, chronicle: Chronicle) -> None:
        """Read through `gatherer`, ask `involving` for people; `unadmitted` and `chronicle` know what happened."""
        self._gatherer = gatherer
        self._involving = involving
        self._unadmitted = unadmitted
        self._chronicle = chronicle
        self._history = chronicle.history

    def take(self) -> Survey:
        """Return how every open pull request stands now. Raises `UnavailableError` when they cannot be listed."""
        pulls = self._gatherer.open_pull_requests()
        judged = {pull.number: self._history.last_of(_JUDGED, f"pull/{pull.number}") for pull in pulls}
        try:
            return self._standings(pulls, judged) if pulls else {}
        except LedgerIntegrityError:
            raise
        except ControllerError:
            # What ails will ail the looks too, which tell of it.
            return {number: Standing("", None, _is_admitted(event)) for number, event in judged.items()}

    def _standings(self, pulls: Sequence[OpenPullRequest], judged: Mapping[int, Event | None]) -> Survey:
        tip = self._gatherer.tip()
        shared = [tip.commit, *self._done_on_main()]
        reviews = self._reviews([number for number, event in judged.items() if _rests_on_reviews(event)])
        people = self._people(tip, judged)
        return {
            number: Standing(
                _digest([*self._own(pull), shared, reviews.get(number), self._passed(number, judged[number])]),
                people[number],
                _is_admitted(judged[number]),
            )
            for number, pull in ((pull.number, pull) for pull in pulls)
        }

    def _own(self, pull: OpenPullRequest) -> tuple[object, ...]:
        turn = (int(self._chronicle.now().timestamp()) + pull.number * _APART_SECONDS) // LONGEST_SECONDS
        return pull.head, pull.updated_at.isoformat(), pull.asks_break_glass, turn

    def _passed(self, number: int, judged: Event | None) -> int:
        """Return how many of the moments are past at which time alone changes a judgement."""
        asked = self._history.last_of(_BROKEN_GLASS, f"pull/{number}")
        return sum(moment <= self._chronicle.now() for event in (judged, asked) for moment in _moments(event))

    def _done_on_main(self) -> Iterator[object]:
        """Yield what changes whenever the journal answers a judgement otherwise."""
        main = self._history.main()
        yield main and main.position
        yield len(self._history.all_of(_TOLD_TO_POLICY))
        for path, left in sorted(self._unadmitted.leftovers().items()):
            yield [path, left.commit, left.admitted and [left.admitted.mode.value, left.admitted.blob]]

    def _reviews(self, numbers: list[int]) -> Mapping[int, list[object]]:
        found = self._gatherer.reviews(numbers)
        return {
            number: [[review.id, review.state.value, review.commit] for review in reviews]
            for number, reviews in found.items()
        }

    def _people(self, tip: Snapshot, judged: Mapping[int, Event | None]) -> Mapping[int, str | None]:
        owners = self._owners(tip, {number: _changed_paths(event) for number, event in judged.items()})
        found = self._involving.standing_of(frozenset(owner for several in owners.values() for owner in several))
        if found is None:
            return dict.fromkeys(owners)
        return {
            number: _digest([found.revision, sorted([str(owner), *found.owners[owner]] for owner in several)])
            for number, several in owners.items()
        }

    def _owners(self, tip: Snapshot, changed: Mapping[int, frozenset[RepoPath]]) -> Mapping[int, frozenset[Owner]]:
        """Return who owns what each pull request changes, by CODEOWNERS of the tip."""
        place = codeowners_path(tip)
        contents = {} if place is None else self._gatherer.contents(frozenset({tip.entries[place].blob}))
        codeowners = codeowners_of(tip, contents)
        owned = {path: owners_of(codeowners, path).owners for paths in changed.values() for path in paths}
        return {
            number: frozenset(owner for path in paths for owner in owned[path]) for number, paths in changed.items()
        }


def survey_document(survey: Survey) -> str:
    """Return `survey` as a text to remember."""
    return json.dumps({str(number): astuple(standing) for number, standing in survey.items()})


def read_survey(text: str | None) -> Survey:
    """Return the survey that was remembered; an empty one when there is none that can be read."""
    try:
        return {int(number): Standing(*standing) for number, standing in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _is_admitted(event: Event | None) -> bool:
    return event is not None and event.details.get("outcome") in ADMITTED


def _rests_on_reviews(event: Event | None) -> bool:
    """Return whether a review that is dismissed would change it."""
    return _is_admitted(event) or (event is not None and bool(event.details.get("objections")))


def _moments(event: Event | None) -> Iterator[datetime]:
    told: Mapping[str, object] = {} if event is None else event.details
    listed = told.get("moments")
    for moment in (*(listed if isinstance(listed, Sequence) else ()), told.get("ends")):
        if isinstance(moment, str):
            yield datetime.fromisoformat(moment)


def _changed_paths(event: Event | None) -> frozenset[RepoPath]:
    """Return the paths that policy was told of in the newest judgement; those it was not judged by own nothing."""
    asked = None if event is None else event.details.get("input")
    if not isinstance(asked, Mapping):
        return frozenset()
    changed = [*asked.get("deployments", ()), *asked.get("files", ())]
    return frozenset(RepoPath(one["path"]) for one in changed if one["path"] is not None)


def _digest(value: object) -> str:
    return digest_of(canonical_json(value))
