"""The merge queue: entries merged on trial on top of each other, and main moved forward by what is green.

Follows GitHub docs "Managing a merge queue": each entry has a branch below `gh-readonly-queue/<base>/`; required checks
are asked for on its commit by a `merge_group` event; a red check, a push or a close takes the entry out, and those
behind it are built anew. Where not every entry has to be green (`HEADGREEN`), a red one stays as long as one behind it
may still turn green, and merges below it. `Protection.merge_queue` is the method all entries are merged by. Required
reviews and checks of the pull request itself are asked for before it may enter.
"""

from controller.sandbox.events import announce_merge_group
from controller.sandbox.git_merging import MergeConflictError
from controller.sandbox.git_objects import branch_tip
from controller.sandbox.git_store import Move
from controller.sandbox.mergeability import checks_on, unmet_rules
from controller.sandbox.pull_requests import MergeMethod, MergeOrder, merged_commit
from controller.sandbox.pushes import branch_moved, close_pull
from controller.sandbox.records import Protection, PullRequest, QueueEntry, Repository
from controller.sandbox.refusal import Refusal
from controller.sandbox.world import Deed, World

METHODS: dict[str, MergeMethod] = {"merge": "merge", "squash": "squash", "rebase": "rebase"}


def has_queue(repository: Repository, branch: str) -> bool:
    """Tell whether pull requests to a branch are merged through a queue."""
    protection = repository.protections.get(branch)
    return protection is not None and protection.merge_queue is not None


def entry_of(repository: Repository, pull: PullRequest) -> QueueEntry | None:
    """Return the entry of a pull request in the queue, or None."""
    return next((entry for entry in repository.queue if entry.pull is pull), None)


def enqueue(deed: Deed, pull: PullRequest, sha: str | None = None) -> None:
    """Put a pull request at the end of its base's queue."""
    if not has_queue(deed.repository, pull.base_branch):
        raise Refusal(405, "The base branch has no merge queue.")
    if pull.issue.state != "open" or pull.draft or entry_of(deed.repository, pull) is not None:
        raise Refusal(405, "Pull Request is not mergeable")
    if sha is not None and sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    reasons = unmet_rules(deed.world, deed.repository, pull)
    if reasons:
        raise Refusal(405, " ".join(reasons))
    try:
        _build(deed, pull)
    except MergeConflictError as error:
        raise Refusal(405, "Pull Request has merge conflicts") from error


def tend(world: World, repository: Repository) -> None:
    """Draw the consequences of whatever happened: take out what may not merge, merge what may."""
    for entry in list(repository.queue):
        protection = repository.protections.get(entry.pull.base_branch)
        moved = entry.pull.issue.state != "open" or entry.pull.head_sha != entry.pull_head
        if moved or protection is None or _is_lost(repository, protection, entry):
            _take_out(world, repository, entry)
            return tend(world, repository)
    if repository.queue and _is_behind(repository, repository.queue[0]):
        rebuild(world, repository, 0)
    for entry in _ready(repository):
        _land(world, repository, entry)
    return None


def _is_lost(repository: Repository, protection: Protection, entry: QueueEntry) -> bool:
    """Tell whether an entry is red and no green one behind it could take it along."""
    matters = protection.checks_every_entry or entry is repository.queue[-1]
    return matters and "failing" in checks_on(repository, protection, entry.head)


def _ready(repository: Repository) -> list[QueueEntry]:
    """Return the entries in front that merge now: all green ones or, by `HEADGREEN`, all up to the last green one."""
    queue = repository.queue
    is_green = [_is_green(repository, entry) for entry in queue]
    if queue and not repository.protections[queue[0].pull.base_branch].checks_every_entry:
        return queue[: max((place + 1 for place, green in enumerate(is_green) if green), default=0)]
    return queue[: [*is_green, False].index(False)]


def _is_green(repository: Repository, entry: QueueEntry) -> bool:
    protection = repository.protections[entry.pull.base_branch]
    return not set(checks_on(repository, protection, entry.head)) - {"green"}


def rebuild(world: World, repository: Repository, start: int) -> None:
    """Build the groups from a place on anew; what conflicts now is out."""
    behind = repository.queue[start:]
    for entry in behind:
        _end(world, repository, entry, "invalidated")
    for entry in behind:
        try:
            _build(Deed(world, repository, entry.person), entry.pull)
        except MergeConflictError:
            continue


def _take_out(world: World, repository: Repository, entry: QueueEntry) -> None:
    place = repository.queue.index(entry)
    _end(world, repository, entry, "dequeued")
    rebuild(world, repository, place)


def _build(deed: Deed, pull: PullRequest) -> None:
    repository, branch = deed.repository, pull.base_branch
    ahead = [entry for entry in repository.queue if entry.pull.base_branch == branch]
    base = ahead[-1].head if ahead else branch_tip(repository.store, branch) or pull.base_sha
    method = METHODS[repository.protections[branch].merge_queue or "merge"]
    head = merged_commit(deed, pull, MergeOrder(method), base)
    ref = f"refs/heads/gh-readonly-queue/{branch}/pr-{pull.issue.number}-{base}"
    entry = QueueEntry(pull, deed.person, pull.head_sha, base, head, ref)
    repository.queue.append(entry)
    repository.store.move(ref, head)
    announce_merge_group(deed, entry, "checks_requested")


def _end(world: World, repository: Repository, entry: QueueEntry, reason: str) -> None:
    repository.queue.remove(entry)
    repository.store.move(entry.ref, None)
    announce_merge_group(Deed(world, repository, entry.person), entry, "destroyed", reason)


def _land(world: World, repository: Repository, entry: QueueEntry) -> None:
    pull, deed = entry.pull, Deed(world, repository, entry.person)
    move = Move(f"refs/heads/{pull.base_branch}", entry.base, entry.head)
    repository.store.move(move.ref, entry.head, expected=entry.base)
    pull.merge_commit_sha = entry.head
    pull.merged_at, pull.merged_by = world.now(), entry.person
    _end(world, repository, entry, "merged")
    close_pull(deed, pull)
    branch_moved(deed, move, merging=True)


def _is_behind(repository: Repository, entry: QueueEntry) -> bool:
    return branch_tip(repository.store, entry.pull.base_branch) != entry.base
