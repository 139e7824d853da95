"""What each page shows, gathered from the world; a view decides nothing and changes nothing but the test merge."""

from dataclasses import dataclass
from datetime import datetime

from controller.sandbox.git_history import changed_files, commits_between, log, merge_base
from controller.sandbox.git_objects import CommitObject, branch_tip, known_commit, list_tree, resolve
from controller.sandbox.merge_queue import entry_of, has_queue
from controller.sandbox.mergeability import (
    deciding_reviews,
    latest_runs,
    may_bypass,
    mergeable_state,
    try_merge,
    unmet_rules,
)
from controller.sandbox.pages.diff import remarks_of, shown_files
from controller.sandbox.pages.visitor import Visitor
from controller.sandbox.records import Account, CheckRun, Issue, Permission, PullRequest, Repository
from controller.sandbox.refusal import not_found
from controller.sandbox.world import World

Content = dict[str, object]
_LOGGED = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a conversation."""

    at: datetime
    kind: str
    who: Account | None
    item: object


@dataclass(frozen=True, slots=True)
class ShownCommit:
    """A commit and the account of its author, if known."""

    commit: CommitObject
    author: Account | None
    by_server: bool

    @property
    def subject(self) -> str:
        """Return the first line of the message."""
        return self.commit.message.partition("\n")[0]


def pull_list(repository: Repository, state: str) -> Content:
    """Return the pull requests of a state with the sum of their checks."""
    pulls = sorted(repository.pulls.values(), key=lambda pull: pull.issue.number, reverse=True)
    return {
        "state": state,
        "pulls": [
            (pull, check_sum(latest_runs(repository, pull.head_sha)), deciding_reviews(pull).values())
            for pull in pulls
            if pull.issue.state == state
        ],
        "open_count": sum(pull.issue.state == "open" for pull in pulls),
        "closed_count": sum(pull.issue.state == "closed" for pull in pulls),
    }


def check_sum(runs: list[CheckRun]) -> str:
    """Return one word for some check runs: none, pending, success, action_required or failure."""
    if not runs:
        return "none"
    bad = {run.conclusion for run in runs} - {None, "success", "neutral", "skipped"}
    if bad:
        return "action_required" if bad == {"action_required"} else "failure"
    return "success" if all(run.status == "completed" for run in runs) else "pending"


def conversation(world: World, repository: Repository, pull: PullRequest, visitor: Visitor) -> Content:
    """Return what happened in a pull request and whether the visitor may go on with it."""
    if pull.mergeable is None and pull.issue.state == "open":
        try_merge(world, repository, pull)
    own = _shown_commits(world, repository, commits_between(repository.store, pull.base_sha, pull.head_sha))
    happenings = [Happening(shown.commit.committer.when, "commit", shown.author, shown) for shown in own]
    happenings += [Happening(review.submitted_at, "review", review.author, review) for review in pull.reviews]
    happenings += _comments(repository, pull.issue)
    happenings.sort(key=lambda happening: happening.at)
    return {
        **_frame(repository, pull),
        "happenings": happenings,
        "deciding": deciding_reviews(pull).values(),
        "runs": latest_runs(repository, pull.head_sha),
        "merge_runs": latest_runs(repository, pull.merge_commit_sha)
        if pull.merged_at and pull.merge_commit_sha
        else [],
        "merging": _merging(world, repository, pull, visitor),
        "may_review": _holds(world, repository, visitor, Permission.READ),
        "is_author": visitor.account is not None and visitor.account.id == pull.issue.author.id,
    }


def files(repository: Repository, pull: PullRequest) -> Content:
    """Return the changed files of a pull request with the remarks of its checks."""
    base = merge_base(repository.store, pull.base_sha, pull.head_sha) or pull.base_sha
    changed = changed_files(repository.store, base, pull.head_sha)
    shown, elsewhere = shown_files(changed, remarks_of(latest_runs(repository, pull.head_sha)))
    return {**_frame(repository, pull), "files": shown, "elsewhere": elsewhere}


def issue_list(repository: Repository) -> Content:
    """Return the issues that are no pull requests, open ones first, the newest first."""
    issues = [issue for issue in repository.issues.values() if issue.number not in repository.pulls]
    return {"issues": sorted(issues, key=lambda issue: (issue.state != "open", -issue.number))}


def issue_page(world: World, repository: Repository, issue: Issue, visitor: Visitor) -> Content:
    """Return an issue with its comments, and whether the visitor may close it."""
    is_author = visitor.account is not None and visitor.account.id == issue.author.id
    return {
        "issue": issue,
        "happenings": _comments(repository, issue),
        "may_comment": _holds(world, repository, visitor, Permission.READ),
        "may_close": is_author or _holds(world, repository, visitor, Permission.WRITE),
    }


def history(world: World, repository: Repository, branch: str) -> Content:
    """Return the newest commits of a branch."""
    tip = branch_tip(repository.store, branch)
    if tip is None:
        raise not_found()
    shown = _shown_commits(world, repository, log(repository.store, tip, limit=_LOGGED))
    runs = {item.commit.oid: latest_runs(repository, item.commit.oid) for item in shown}
    return {
        "branch": branch,
        "commits": shown,
        "runs": runs,
        "sums": {oid: check_sum(own) for oid, own in runs.items()},
    }


def commit_page(world: World, repository: Repository, name: str, visitor: Visitor) -> Content:
    """Return a commit with what it changed and its checks."""
    oid = resolve(repository.store, name)
    if oid is None:
        raise not_found()
    shown = _shown_commits(world, repository, [oid])[0]
    runs = latest_runs(repository, oid)
    parent = shown.commit.parents[0] if shown.commit.parents else None
    changed, elsewhere = shown_files(changed_files(repository.store, parent, oid), remarks_of(runs))
    writes = _holds(world, repository, visitor, Permission.WRITE)
    return {"shown": shown, "files": changed, "elsewhere": elsewhere, "runs": runs, "writes": writes}


def content(repository: Repository, ref: str, path: str) -> Content:
    """Return a folder's entries or a file's lines at a ref."""
    oid = resolve(repository.store, ref)
    if oid is None:
        raise not_found()
    parts = [part for part in path.split("/") if part]
    name = f"{oid}:{'/'.join(parts)}"
    found = repository.store.read(name) if all(part not in (".", "..") for part in parts) else None
    if found is None:
        raise not_found()
    view: Content = {"ref": ref, "path": "/".join(parts), "parts": parts, "entries": None, "lines": None}
    view["is_branch"] = branch_tip(repository.store, ref) is not None
    if found[1] == "tree":
        entries = list_tree(repository.store, found[0], recursive=False)
        view["entries"] = sorted(entries, key=lambda entry: (entry.kind != "tree", entry.path))
    elif b"\0" not in found[2]:
        view["lines"] = found[2].decode(errors="replace").splitlines()
    return view


def edit_page(world: World, repository: Repository, branch: str, path: str, visitor: Visitor) -> Content:
    """Return a file's text at the tip of a branch, to be changed by who may write."""
    tip, shown = branch_tip(repository.store, branch), content(repository, branch, path)
    if tip is None or shown["lines"] is None:
        raise not_found()
    found = repository.store.read(f"{tip}:{shown['path']}")
    return {
        "branch": branch,
        "path": shown["path"],
        "tip": tip,
        "text": "" if found is None else found[2].decode(errors="replace"),
        "proposes": branch == repository.default_branch,
        "writes": _holds(world, repository, visitor, Permission.WRITE),
    }


def run_page(world: World, repository: Repository, run: CheckRun, visitor: Visitor) -> Content:
    """Return a check run, the pull requests it stands on, and whether the visitor may ask its App for something."""
    pulls = [pull for pull in repository.pulls.values() if pull.head_sha == run.suite.head_sha]
    return {"run": run, "pulls": pulls, "writes": _holds(world, repository, visitor, Permission.WRITE)}


def _frame(repository: Repository, pull: PullRequest) -> Content:
    base = merge_base(repository.store, pull.base_sha, pull.head_sha) or pull.base_sha
    changed = changed_files(repository.store, base, pull.head_sha)
    return {
        "pull": pull,
        "file_count": len(changed),
        "additions": sum(file.additions for file in changed),
        "deletions": sum(file.deletions for file in changed),
    }


def _merging(world: World, repository: Repository, pull: PullRequest, visitor: Visitor) -> Content:
    reasons = unmet_rules(world, repository, pull)
    protection = repository.protections.get(pull.base_branch)
    writes = _holds(world, repository, visitor, Permission.WRITE)
    bypass = (
        protection is not None
        and visitor.account is not None
        and may_bypass(world, repository, protection, visitor.account)
    )
    blocked = pull.draft or pull.mergeable is False
    return {
        "state": mergeable_state(world, repository, pull),
        "reasons": reasons,
        "writes": writes,
        "queue": has_queue(repository, pull.base_branch),
        "entry": entry_of(repository, pull),
        "bypasses": bool(reasons) and bypass and writes and not blocked,
        "possible": writes and not blocked and (not reasons or bypass),
    }


def _holds(world: World, repository: Repository, visitor: Visitor, wanted: Permission) -> bool:
    return visitor.account is not None and world.permission(visitor.account, repository).rank >= wanted.rank


def _comments(repository: Repository, issue: Issue) -> list[Happening]:
    own = [comment for comment in repository.comments.values() if comment.number == issue.number]
    return [Happening(comment.created_at, "comment", comment.author, comment) for comment in own]


def _shown_commits(world: World, repository: Repository, oids: list[str]) -> list[ShownCommit]:
    commits = [known_commit(repository.store, oid) for oid in oids]
    return [
        ShownCommit(commit, world.person_by_email(commit.author.email), commit.oid in repository.server_commits)
        for commit in commits
    ]
