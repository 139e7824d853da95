"""Commits, comparisons and which pull requests a commit came from."""

from urllib.parse import quote

from controller.sandbox.git_history import changed_files, commits_between, log, merge_base
from controller.sandbox.git_objects import resolve
from controller.sandbox.records import PullRequest, Repository
from controller.sandbox.refusal import Refusal, not_found, unprocessable
from controller.sandbox.rest.paging import page_of
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.commits import commit_shape, commit_with_files, file_shape
from controller.sandbox.shapes.pulls import pull_simple
from controller.sandbox.world import World

_COMPARED_COMMITS = 250
_COMPARED_FILES = 300
_LOGGED = 5000


def list_commits(call: Call) -> Reply:
    """Answer the history of a branch, newest first."""
    store = call.repository.store
    start = resolve(store, call.query.get("sha") or call.repository.default_branch)
    if start is None:
        raise not_found()
    oids = log(store, start, limit=_LOGGED, path=call.query.get("path") or None)
    page = page_of(call.query, oids)
    shapes = {oid: commit_shape(call.world, call.repository, oid) for oid in page.items}
    return Reply(items=[shapes.get(oid) for oid in oids])


def get_commit(call: Call) -> Reply:
    """Answer one commit with its files."""
    oid = resolve(call.repository.store, call.path["ref"])
    if oid is None:
        raise unprocessable(f"No commit found for SHA: {call.path['ref'][:100]}")
    return Reply(commit_with_files(call.world, call.repository, oid))


def list_commit_pulls(call: Call) -> Reply:
    """Answer the pull requests a commit belongs to: merged by it, or open and containing it."""
    repository = call.repository
    oid = resolve(repository.store, call.path["commit_sha"])
    if oid is None:
        raise unprocessable(f"No commit found for SHA: {call.path['commit_sha'][:100]}")
    pulls = [pull for pull in repository.pulls.values() if _holds(repository, pull, oid)]
    return Reply(items=[pull_simple(call.world, repository, pull) for pull in pulls])


def compare(call: Call) -> Reply:
    """Answer what a head adds to a base; at most 250 commits a page and 300 files, the files on the first page only."""
    repository, basehead = call.repository, call.path["basehead"]
    left, dots, right = basehead.partition("...")
    base, head = _side(call.world, repository, left), _side(call.world, repository, right)
    if not dots or base is None or head is None:
        raise not_found()
    common = merge_base(repository.store, base, head)
    if common is None:
        raise Refusal(404, f"No common ancestor between {left} and {right}.")
    ahead, behind = commits_between(repository.store, base, head), commits_between(repository.store, head, base)
    page = page_of(call.query, ahead, default=_COMPARED_COMMITS, largest=_COMPARED_COMMITS)
    files = changed_files(repository.store, common, head)[:_COMPARED_FILES] if page.number == 1 else []
    world, url = call.world, f"{call.world.urls.repository(repository.full_name)}/compare/{quote(basehead)}"
    html = f"{world.urls.page(repository.full_name)}/compare/{quote(basehead)}"
    content = {
        "url": url,
        "html_url": html,
        "permalink_url": f"{world.urls.page(repository.full_name)}/compare/{base[:12]}...{head[:12]}",
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": commit_shape(world, repository, base),
        "merge_base_commit": commit_shape(world, repository, common),
        "status": _relation(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_shape(world, repository, oid) for oid in page.items],
        "files": [file_shape(world, repository, file, head) for file in files],
    }
    link = page.link_header(url, call.query)
    return Reply(content, headers={"Link": link} if link else {})


def _side(world: World, repository: Repository, name: str) -> str | None:
    owner, colon, branch = name.rpartition(":")
    if not colon or owner.lower() == repository.owner.login.lower():
        return resolve(repository.store, branch)
    for fork in world.repositories.values():
        if fork.parent is repository and fork.owner.login.lower() == owner.lower():
            oid = resolve(fork.store, branch)
            if oid is not None and repository.store.read(oid) is None:
                repository.store.run("fetch", "--quiet", "--no-tags", str(fork.store.path), oid)
            return oid
    return None


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"


def _holds(repository: Repository, pull: PullRequest, oid: str) -> bool:
    own = commits_between(repository.store, pull.base_sha, pull.head_sha)
    return oid in (pull.merge_commit_sha, *own)


_ONE = "/repos/{owner}/{repo}"

ROUTES = [
    Route("GET", _ONE + "/commits", list_commits, "contents:read"),
    Route("GET", _ONE + "/commits/{commit_sha}/pulls", list_commit_pulls, "pull_requests:read"),
    Route("GET", _ONE + "/commits/{ref:path}", get_commit, "contents:read"),
    Route("GET", _ONE + "/compare/{basehead:path}", compare, "contents:read"),
]
