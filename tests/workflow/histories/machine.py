"""Random histories of one repository: people do what they may and may not, the controller looks or misses it.

Every rule is something that happens in a company; after most of them the controller is told,
unless the webhook is lost. Whatever it looks at, the plain model looks at first, with the same
facts: the checks must say what the model says, the target may only start what it allowed.
"""

from collections import Counter
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from controller.change.facts import Account, PullRequest, PullRequestState, ReviewState
from controller.change.names import CommitSha
from controller.ledger.chain import verify_chain
from controller.ledger.event import EventType
from controller.ports.deployer import Intent
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.history import parse_key
from tests.fakes.code_host import WEB_FLOW
from tests.fakes.git_objects import Authorship, Signature
from tests.workflow.histories.choices import (
    ANY,
    EDIT,
    GROUPS,
    HEARD,
    METHODS,
    OWNER,
    PROPOSER,
    REVIEWER,
    STATE,
    THEN,
    TROUBLES,
    Change,
)
from tests.workflow.histories.company import Company
from tests.workflow.histories.edits import Edits
from tests.workflow.histories.happening import HAPPENINGS, happening
from tests.workflow.histories.model import PATHS, Model
from tests.workflow.steps import PRODUCTION, STAGING, publish
from tests.workflow.world import PEOPLE, SATURDAY

GITHUB = Signature(WEB_FLOW, "noreply@github.com")


class Histories(RuleBasedStateMachine):
    """What may happen to a repository, its people, its controller and its targets."""

    engine: PolicyEngine
    pool: Executor

    @initialize()
    def begin(self) -> None:
        """Two releases are published; what main wants of the first was never deployed."""
        self.world = self.company()
        self.host, self.target = self.world.host, self.world.target
        self.target.witness = self.witness
        original = {path: self.world.file(path) for path in PATHS.values()}
        self.branches: dict[int, str] = {}
        self.heads: dict[int, list[CommitSha]] = {}
        self.deaths: Counter[str] = Counter()
        self.unnamed: set[CommitSha] = set()
        self.forget_names()
        self.world.travel(SATURDAY - timedelta(hours=25))
        self.world.look("main")
        new = publish(self.world)
        old = next(one for one in self.world.events(EventType.RELEASE_PUBLISHED) if one.details["code"] == "ANL")
        pins = ({"version": "1.0.0", "digest": old.details["digest"]}, new)
        releases = {str(pin["version"]): str(pin["digest"]) for pin in pins}
        self.model = self.world.model = Model(self.host, self.world.directory, releases)
        self.edits = Edits(self.model, original, pins)
        self.propose("omar-ops", [(STAGING, "version", 1)], "merge")

    def forget_names(self) -> None:
        """Let the host name no pull request for the merges in `unnamed`."""
        ask = self.host.merged_pull_request

        def merged_pull_request(commit: CommitSha) -> PullRequest | None:
            return None if commit in self.unnamed else ask(commit)

        self.host.merged_pull_request = merged_pull_request  # type: ignore[method-assign]  # as a host that lags

    def company(self) -> Company:
        """Return a new company, on the fake code host."""
        return Company(self.engine, self.pool)

    @happening(login=PROPOSER, edits=st.lists(EDIT, min_size=1, max_size=2), then=THEN)
    def propose(self, login: str, edits: list[Change], then: str) -> None:
        branch = f"topic-{len(self.branches)}"
        self.host.push(branch, self.edits.files("main", edits), by=self.account(login))
        number = self.host.open_pull_request(branch, by=self.account(login))
        self.branches[number], self.heads[number] = branch, [self.host.branches[branch]]
        self.go_on(number, then)

    @happening(any_pull=ANY, login=PROPOSER, edit=EDIT, method=st.sampled_from(METHODS), then=THEN)
    def propose_undone(self, any_pull: int, login: str, edit: Change, method: str, then: str) -> None:
        """Propose something on top of an open change and its undoing, have it approved, and merge that open change."""
        below = self.host.pull_request(self.pick(any_pull))
        who = self.host.authorship(self.account(login))
        undone = self.host.commit(self.edits.files("main", [edit]), parents=(below.head,), who=who)
        branch = f"topic-{len(self.branches)}"
        self.host.move(branch, undone.sha, by=self.account(login))
        number = self.host.open_pull_request(branch, by=self.account(login))
        self.branches[number], self.heads[number] = branch, [undone.sha]
        self.go_on(number, "look")
        self.submit(number, "rita-release")
        self.go_on(below.number, method)
        self.go_on(number, then)

    def propose_and_approve(self, edit: Change) -> int:
        """Do what is usual, up to the merge."""
        self.propose("omar-ops", [edit], "look")
        number = self.host.open_pull_requests()[-1].number
        self.submit(number, "rita-release")
        self.go_on(number, "look")
        return number

    @happening(
        any_pull=ANY,
        login=PROPOSER,
        edit=EDIT,
        named=st.sampled_from(("own", "own", "own", "co-author", "page", "unknown pusher")),
        then=THEN,
    )
    def push(self, any_pull: int, login: str, edit: Change, named: str, then: str) -> None:
        """Push one more commit, which may change nothing at all; who pushed it may be unknown."""
        number = self.pick(any_pull)
        own = self.host.signature(self.account(login))
        co_authors = ("rita-release@example.com",) if named == "co-author" else ()
        by_page = named == "page"
        who = Authorship(own, GITHUB if by_page else own, co_authors, is_verified=by_page)
        head = self.host.pull_request(number).head
        made = self.host.commit(self.edits.files(head, [edit]), parents=(head,), who=who)
        self.move(number, made.sha, None if named == "unknown pusher" else login, then)

    @happening(any_pull=ANY, login=PROPOSER, by_button=st.booleans(), then=THEN)
    def update_branch(self, any_pull: int, login: str, by_button: bool, then: str) -> None:
        """Merge main into the branch, on GitHub's page or at home."""
        number = self.pick(any_pull)
        head, tip = self.host.pull_request(number).head, self.host.branches["main"]
        since = self.host.objects.merge_base(head, tip)
        assert since is not None
        try:
            tree = self.host.objects.merged(head, tip, since)
        except ValueError:
            return
        own = self.host.signature(self.account(login))
        who = Authorship(own, GITHUB if by_button else own, is_verified=by_button)
        if since != tip:
            self.move(number, self.host.objects.commit(tree, (head, tip), who).sha, login, then)

    @happening(any_pull=ANY, login=st.one_of(PROPOSER, OWNER), typed=EDIT, pushed=st.booleans(), then=THEN)
    def resolve_on_page(self, any_pull: int, login: str, typed: Change, pushed: bool, then: str) -> None:
        """Merge main into the branch on GitHub's page as "Update branch" would, and type something into a file."""
        number = self.pick(any_pull)
        self.merge(self.propose_and_approve((STAGING, "comment", len(self.branches))), "squash")
        head, tip = self.host.pull_request(number).head, self.host.branches["main"]
        since = self.host.objects.merge_base(head, tip)
        assert since is not None
        if since == tip:
            return
        event("resolved on page")
        before, ours, theirs = map(self.model.files, (since, head, tip))
        merged = {path: theirs[path] if ours[path] == before[path] else ours[path] for path in before}
        path, what, any_number = typed
        merged[path] = self.edits.edited(path, merged[path], what, any_number)
        who = Authorship(self.host.signature(self.account(login)), GITHUB, is_verified=True)
        made = self.host.commit(merged, parents=(head, tip), who=who)
        self.move(number, made.sha, login if pushed else "omar-ops", then)

    @happening(any_pull=ANY, login=PROPOSER, then=THEN)
    def rebase(self, any_pull: int, login: str, then: str) -> None:
        """Put what the branch changed on the tip of main, as one commit, and force-push it."""
        number = self.pick(any_pull)
        head, tip = self.host.pull_request(number).head, self.host.branches["main"]
        since = self.host.objects.merge_base(head, tip)
        assert since is not None
        before, theirs = self.model.files(since), self.model.files(head)
        changed = {path: content for path, content in theirs.items() if content != before[path]}
        author = self.host.pull_request(number).author
        who = Authorship(self.host.signature(author), self.host.signature(self.account(login)))
        made = self.host.commit(changed, parents=(tip,), who=who)
        self.move(number, made.sha, login, then)

    @happening(any_pull=ANY, any_head=ANY, login=PROPOSER, then=THEN)
    def force_back(self, any_pull: int, any_head: int, login: str, then: str) -> None:
        number = self.pick(any_pull)
        self.move(number, self.heads[number][any_head % len(self.heads[number])], login, then)

    @happening(any_pull=ANY, login=REVIEWER, state=STATE, on_head=st.sampled_from((True, True, False)), then=THEN)
    def review(self, any_pull: int, login: str, state: ReviewState, on_head: bool, then: str) -> None:
        number = self.pick(any_pull)
        commit = None if on_head else self.heads[number][-2:][0]
        self.submit(number, login, state, commit)
        self.go_on(number, then)

    def submit(
        self, number: int, login: str, state: ReviewState = ReviewState.APPROVED, commit: CommitSha | None = None
    ) -> None:
        review = self.host.review(number, self.account(login), state, commit=commit)
        self.model.main_at[review] = self.host.branches["main"]

    @happening(any_pull=ANY, then=THEN)
    def dismiss(self, any_pull: int, then: str) -> None:
        number = self.pick(any_pull)
        for review in self.host.reviews(number):
            self.host.dismiss(number, review.id)
        self.go_on(number, then)

    @happening(any_pull=ANY, who=OWNER, then=THEN)
    def object(self, any_pull: int, who: str, then: str) -> None:
        number = self.pick(any_pull)
        self.submit(number, who, ReviewState.CHANGES_REQUESTED)
        self.go_on(number, then)

    @happening(any_pull=ANY, who=OWNER, groups=st.sampled_from((*GROUPS, None)), then=THEN)
    def change_groups(self, any_pull: int, who: str, groups: tuple[str, ...] | None, then: str) -> None:
        """Give somebody other groups (None: those of the beginning)."""
        number = self.pick(any_pull)
        self.replace_person(who, groups=frozenset(PEOPLE[who][1] if groups is None else groups))
        self.go_on(number, then)

    @happening(any_pull=ANY, who=OWNER, mfa=st.sampled_from((False, None)), then=THEN)
    def lose_second_factor(self, any_pull: int, who: str, mfa: bool | None, then: str) -> None:
        number = self.pick(any_pull)
        self.replace_person(who, mfa=mfa)
        self.go_on(number, then)

    @happening(any_pull=ANY, hours=st.sampled_from((1, 25, 25, 47, 73)), then=THEN)
    def wait(self, any_pull: int, hours: int, then: str) -> None:
        """Let time pass, from a Friday through the weekend; what waited for its time goes out by itself."""
        number = self.pick(any_pull)
        self.world.travel(self.host.now + timedelta(hours=hours))
        self.go_on(number, then)

    @happening(any_pull=ANY, login=REVIEWER, state=STATE)
    def review_too_late(self, any_pull: int, login: str, state: ReviewState) -> None:
        """Review what is merged already, which may still be held."""
        merged = [step.pull for step in self.model.steps if step.pull]
        self.submit(merged[-1 - any_pull % len(merged)], login, state)

    def go_on(self, number: int, then: str) -> None:
        """Look at what became of a pull request, or miss it; merge it, whether or not anything is green."""
        if then not in ("nothing", "race"):
            self.world.look(f"pull/{number}")
        if then in METHODS or then == "race":
            self.merge(number, "merge" if then == "race" else then)

    def merge(self, number: int, method: str) -> None:
        pull, before = self.host.pull_request(number), self.host.branches["main"]
        after = self.merged(number, method)
        if after is not None:
            self.model.step(before, after, pull)
            self.world.look("main")
            self.pass_time()
            self.world.settle()

    def merged(self, number: int, method: str) -> CommitSha | None:
        """Merge a pull request and return its merge, or None where it cannot be merged."""
        pull, known = self.host.pull_request(number), self.host.objects.history(self.host.branches["main"])
        own = [commit for sha, commit in self.host.objects.history(pull.head).items() if sha not in known]
        if pull.state is not PullRequestState.OPEN or not any(len(commit.parents) == 1 for commit in own):
            return None
        try:
            return self.host.merge(number, by=self.account("omar-ops"), method=method)
        except ValueError:
            return None

    @happening(method=st.sampled_from(METHODS), is_named=st.sampled_from((True, True, False)))
    def merge_named_late(self, method: str, is_named: bool) -> None:
        """Merge without the host naming the pull request until that is taken for a push; then it may name it."""
        number = self.new_green()
        before = self.host.branches["main"]
        after = self.merged(number, method)
        if after is None:
            return
        self.unnamed.add(after)
        self.model.step(before, after, None)
        for _ in range(2):
            self.world.look("main")
            self.pass_time()
        if is_named:
            event("named late")
            self.unnamed.remove(after)
            counts = self.model.name(after, self.host.pull_request(number))
            self.world.look("late")
            assert bool(self.world.events(EventType.DEPLOY_INITIATED, f"merge/{after}")) is counts

    @happening(login=PROPOSER, edit=EDIT, heard=HEARD)
    def push_main(self, login: str, edit: Change, heard: bool) -> None:
        if sum(step.pull is None for step in self.model.steps) > 1:
            return
        before = self.host.branches["main"]
        after = self.host.push_main(self.edits.files("main", [edit]), by=self.account(login))
        self.model.step(before, after, None)
        self.tell("main", heard=heard)
        if heard:
            self.pass_time()
            self.tell("main", heard=True)

    @happening(any_pull=ANY)
    def close_and_reopen(self, any_pull: int) -> None:
        number = self.pick(any_pull)
        for state in (PullRequestState.CLOSED, PullRequestState.OPEN):
            self.host.edit(number, state=state)
            self.tell(f"pull/{number}", heard=True)

    @happening(order=st.lists(ANY, min_size=1, max_size=6))
    def look_in_any_order(self, order: list[int]) -> None:
        """Look at keys twice and in the wrong order."""
        keys = ["main", *(f"pull/{one}" for one in self.branches), *(f"deployment/{one}" for one in PATHS)]
        keys += [f"merge/{step.after}" for step in self.model.steps]
        self.world.look(*(keys[one % len(keys)] for one in order), *(keys[one % len(keys)] for one in order))

    @happening(with_database=st.booleans())
    def restart(self, with_database: bool) -> None:
        """Start the controller again, with its database or with nothing but the ledger."""
        if with_database:
            self.world.workflows = self.world.wired()
        else:
            self.world.lose_database()
        self.world.look("sweep")

    @happening(kind=st.sampled_from(TROUBLES), key=st.sampled_from(sorted(PATHS)))
    def trouble(self, kind: str, key: str) -> None:
        """Let the target fail from now on, or end or break what runs there; `mend` ends what lasts."""
        if kind in ("down", "sick", "mute"):
            self.target.is_down, self.target.is_sick = kind == "down", kind == "sick"
            self.target.mute = {"ANL"} if kind == "mute" else set()
        elif kind != "mended" and self.target.running(parse_key(key)) is not None:
            self.deaths[key] += 1
            (self.target.crash if kind == "dies" else self.target.fall_ill)(parse_key(key))
        if kind == "mended":
            self.mend()
        self.tell(f"deployment/{key}", heard=True)

    def mend(self) -> None:
        self.target.is_down, self.target.is_sick, self.target.mute = False, False, set()

    @happening()
    def settle(self) -> None:
        """When nothing ails and everything was looked at, the newest allowed runs, and looking again writes nothing."""
        self.mend()
        for _ in range(3):
            self.pass_time()
            self.world.look("changes")
        assert self.model.followed == len(self.model.steps)
        told = self.told()
        self.world.look("sweep")
        assert self.told() == told
        for key in PATHS:
            wanted, live = self.model.wanted(key), self.target.running(parse_key(key))
            if wanted is None or wanted[1] is None:
                assert live is None
            elif (key, wanted[0]) not in self.world.failed:
                assert live is not None
                assert live.plan == wanted[1].digest
        assert verify_chain(tuple(self.world.ledger.entries()), None) is None

    @rule(one=st.deferred(lambda: st.one_of(*HAPPENINGS)))
    def step(self, one: tuple[str, dict[str, Any]]) -> None:
        """Let any one of them happen."""
        name, arguments = one
        getattr(self, name)(**arguments)

    @invariant()
    def only_what_was_allowed_runs(self) -> None:
        for key in PATHS if hasattr(self, "model") else ():
            live = self.target.running(parse_key(key))
            assert live is None or live.plan in self.model.allowed(key)

    @invariant()
    def nothing_completes_twice(self) -> None:
        completed: Counter[tuple[str, object]] = Counter()
        for one in self.world.events(EventType.DEPLOY_COMPLETED) if hasattr(self, "model") else ():
            completed[one.subject, one.details["position"]] += 1
        for (key, _), times in completed.items():
            assert times <= 1 + self.deaths[key]

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        self.settle()
        outcomes = {None: "held", True: "allowed", False: "refused"}
        for step in self.model.steps:
            kind = "direct push" if step.pull is None else outcomes[step.is_allowed]
            keys = {key.partition("/")[0] for key, _, _ in step.effect}
            event(f"{kind} {'+'.join(sorted(keys)) or 'nothing'}")

    def witness(self, intent: Intent) -> None:
        """What is about to start is what the model wants or knows as good, and the sealed ledger has announced it."""
        if not hasattr(self, "model"):
            return
        wanted = self.model.wanted(str(intent.key))
        assert wanted is not None
        newest = wanted[1] and wanted[1].digest
        assert intent.plan in (newest, self.world.good.get(str(intent.key)))
        assert intent.plan in self.model.allowed(str(intent.key))
        entries = [entry.event for entry in self.world.ledger.entries()]
        kinds = (EventType.DEPLOY_STARTED, EventType.DEPLOY_ROLLED_BACK)
        announced = [one for one in entries if one.type in kinds and one.subject == str(intent.key)]
        assert intent.id in {one.details.get("intent") for one in announced}, "it was not announced"

    def pick(self, any_pull: int) -> int:
        """Return one of the open pull requests of people, or often a new one that is green."""
        pulls = [pull.number for pull in self.host.open_pull_requests() if pull.number in self.branches]
        return pulls[any_pull % len(pulls)] if pulls and any_pull % 3 == 0 else self.new_green()

    def new_green(self) -> int:
        """Return a new pull request that everybody has agreed to, on a main with nothing on it that was refused."""
        people = self.world.directory.people
        people[:] = [replace(one, groups=frozenset(PEOPLE[one.login][1]), mfa=True) for one in people]
        admitted, present = (self.edits.files("main", [(PRODUCTION, what, 0)]) for what in ("as admitted", "as main"))
        if admitted != present:
            self.merge(self.propose_and_approve((PRODUCTION, "as admitted", 0)), "merge")
        now = self.model.files(self.host.branches["main"])[PRODUCTION] or b""
        what = "version" if b"version: 1.1.0" not in now else "replicas 3" if b"replicas: 2" in now else "replicas 2"
        return self.propose_and_approve((PRODUCTION, what, 1))

    def move(self, number: int, commit: CommitSha, login: str | None, then: str) -> None:
        self.heads[number].append(commit)
        self.host.move(self.branches[number], commit, by=self.account(login) if login else None)
        self.go_on(number, then)

    def replace_person(self, login: str, **changed: Any) -> None:
        people = self.world.directory.people
        people[:] = [replace(one, **changed) if one.login == login else one for one in people]

    def pass_time(self) -> None:
        """Wait until nobody doubts any more that a commit of main belongs to no pull request, or lacks approval."""
        self.world.travel(self.host.now + timedelta(seconds=31))

    def tell(self, key: str, *, heard: bool) -> None:
        if heard:
            self.world.look(key)

    def told(self) -> tuple[int, int]:
        """Return how much was ever written, to the code host and to the journal."""
        return self.host.writes, len(self.world.journal.find(frozenset(EventType)))

    def account(self, login: str) -> Account:
        return self.world.account(login)
