"""An approval case with one requirement, two owners and nobody who has approved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from controller.approval.approvals import ApprovalCase, Requirement, SeenReview
from controller.change.facts import Account, AccountKind, Review, ReviewState
from controller.change.names import CommitSha, Login, RepoPath, digest_of
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.ownership.owner import Owner, TeamOwner, UserOwner

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EFFECT = digest_of(b"what the change does")
OTHER = digest_of(b"something else")
PROD = RepoPath("environments/production/anl.yaml")
POLICY = RepoPath("policies/rego/roles.rego")
MANAGERS = TeamOwner("acme", "release-managers")
SECURITY = UserOwner("sam")


def principal(
    number: int, login: str, kind: PrincipalKind = PrincipalKind.PERSON, mfa: bool | None = True
) -> Principal:
    return Principal(PrincipalId(f"github:{number}"), kind, login, frozenset(), mfa)


RITA, RON, SAM, DANA = principal(1, "rita"), principal(2, "Ron"), principal(3, "sam"), principal(4, "dana")
MANAGER = frozenset({"release_manager", "operator", "developer", "viewer"})
PRODUCTION = Requirement("mc-prod-approval", frozenset({"release_manager"}), 1, 24, (PROD,))
GOVERNANCE = Requirement("codeowners", frozenset(), 1, None, (POLICY,))
BOT = Account(9, Login("github-actions[bot]"), AccountKind.BOT)
CASE = ApprovalCase(
    requirements=(PRODUCTION,),
    owners={PROD: (MANAGERS,), POLICY: (SECURITY,)},
    members={MANAGERS: frozenset({RITA.id, RON.id}), SECURITY: frozenset({SAM.id})},
    reviews=(),
    roles={RITA.id: MANAGER, RON.id: MANAGER, SAM.id: frozenset({"admin"}), DANA.id: frozenset({"operator"})},
    people={person.id: person for person in (RITA, RON, SAM, DANA)},
    excluded={DANA.id: "author"},
    extra_approvals=0,
    effect=EFFECT,
    as_of=NOW,
)


@dataclass(slots=True)
class Reviews:
    """Numbers reviews in the order they are made."""

    made: list[SeenReview] = field(default_factory=list)

    def add(
        self,
        person: Principal | None,
        state: ReviewState = ReviewState.APPROVED,
        *,
        effect: object = EFFECT,
        hours_ago: float = 1,
        account: Account | None | str = "own",
    ) -> "Reviews":
        own = Account(int(person.id[7:]), Login(person.login), AccountKind.USER) if person else None
        author = own if isinstance(account, str) else account
        number = len(self.made) + 1
        review = Review(number, author, state, CommitSha("1a2b3c4" + "0" * 33), NOW - timedelta(hours=hours_ago))
        self.made.append(SeenReview(review, person, effect))  # type: ignore[arg-type]  # a digest or None
        return self


def reviewed(person: Principal | None, **how: object) -> tuple[SeenReview, ...]:
    """Return one review: an approval of the effect of now, unless `how` says otherwise."""
    return tuple(Reviews().add(person, **how).made)  # type: ignore[arg-type]  # the fields of each row


def approved_by(*people: Principal) -> tuple[SeenReview, ...]:
    reviews = Reviews()
    for person in people:
        reviews.add(person)
    return tuple(reviews.made)


def case(reviews: Reviews | tuple[SeenReview, ...] = (), /, **fields: object) -> ApprovalCase:
    seen = tuple(reviews.made) if isinstance(reviews, Reviews) else reviews
    return replace(CASE, reviews=seen, **fields)  # type: ignore[arg-type]  # the fields are named by each test


def with_people(*people: Principal) -> Mapping[PrincipalId, Principal]:
    return {**CASE.people, **{person.id: person for person in people}}


def with_members(owner: Owner, *people: Principal) -> Mapping[Owner, frozenset[PrincipalId]]:
    return {**CASE.members, owner: frozenset(person.id for person in people)}
