"""JSON of pull requests, reviews, issues and comments."""

from controller.sandbox.git_history import changed_files, commits_between, merge_base
from controller.sandbox.mergeability import mergeable_state
from controller.sandbox.records import Account, Comment, Issue, PullRequest, Reaction, Repository, Review
from controller.sandbox.shapes.accounts import (
    Json,
    account_shape,
    association,
    label_shape,
    optional_account,
    optional_app,
    team_shape,
)
from controller.sandbox.shapes.repositories import repository_shape
from controller.sandbox.urls import Urls
from controller.sandbox.world import World, moment, node_id, optional_moment


def pull_simple(world: World, repository: Repository, pull: PullRequest) -> Json:
    """Return a pull request as lists and review events carry it."""
    urls, issue = world.urls, pull.issue
    api, page = urls.repository(repository.full_name), urls.page(repository.full_name)
    address, html = f"{api}/pulls/{issue.number}", f"{page}/pull/{issue.number}"
    return {
        "url": address,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": f"{api}/issues/{issue.number}",
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": account_shape(urls, issue.author),
        "body": issue.body,
        "created_at": moment(issue.created_at),
        "updated_at": moment(issue.updated_at),
        "closed_at": optional_moment(issue.closed_at),
        "merged_at": optional_moment(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha or pull.test_merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [account_shape(urls, person) for person in pull.requested_people],
        "requested_teams": [team_shape(world, team) for team in pull.requested_teams],
        "labels": [label_shape(urls, repository, label) for label in issue.labels],
        "milestone": None,
        "draft": pull.draft,
        **_addresses(api, address, issue.number, pull.head_sha),
        "head": _head(world, repository, pull),
        "base": {
            "label": f"{repository.owner.login}:{pull.base_branch}",
            "ref": pull.base_branch,
            "sha": pull.base_sha,
            "user": account_shape(urls, repository.owner),
            "repo": repository_shape(world, repository),
        },
        "_links": _links(api, address, html, issue.number, pull.head_sha),
        "author_association": association(world, repository, issue.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_shape(world: World, repository: Repository, pull: PullRequest) -> Json:
    """Return a pull request as its own address answers it."""
    store = repository.store
    base = merge_base(store, pull.base_sha, pull.head_sha) or pull.base_sha
    files = changed_files(store, base, pull.head_sha)
    return {
        **pull_simple(world, repository, pull),
        "merged": pull.merged_at is not None,
        "mergeable": None if pull.merged_at else pull.mergeable,
        "rebaseable": None if pull.merged_at else pull.mergeable,
        "mergeable_state": mergeable_state(world, repository, pull),
        "merged_by": optional_account(world.urls, pull.merged_by),
        "comments": sum(comment.number == pull.issue.number for comment in repository.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits_between(store, base, pull.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def review_shape(world: World, repository: Repository, pull: PullRequest, review: Review) -> Json:
    """Return a review."""
    html = f"{world.urls.page(repository.full_name)}/pull/{pull.issue.number}#pullrequestreview-{review.id}"
    address = f"{world.urls.repository(repository.full_name)}/pulls/{pull.issue.number}"
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": account_shape(world.urls, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": html,
        "pull_request_url": address,
        "author_association": association(world, repository, review.author),
        "_links": {"html": {"href": html}, "pull_request": {"href": address}},
        "submitted_at": moment(review.submitted_at),
        "commit_id": review.commit_id,
    }


def issue_shape(world: World, repository: Repository, issue: Issue) -> Json:
    """Return an issue, or the issue side of a pull request."""
    api = world.urls.repository(repository.full_name)
    address, page = f"{api}/issues/{issue.number}", world.urls.page(repository.full_name)
    pull = repository.pulls.get(issue.number)
    html = f"{page}/{'pull' if pull else 'issues'}/{issue.number}"
    shape: Json = {
        "id": issue.id,
        "node_id": node_id("Issue", issue.id),
        "url": address,
        "repository_url": api,
        "labels_url": f"{address}/labels{{/name}}",
        "comments_url": f"{address}/comments",
        "events_url": f"{address}/events",
        "html_url": html,
        "number": issue.number,
        "state": issue.state,
        "state_reason": None,
        "title": issue.title,
        "body": issue.body,
        "user": account_shape(world.urls, issue.author),
        "labels": [label_shape(world.urls, repository, label) for label in issue.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": sum(comment.number == issue.number for comment in repository.comments.values()),
        "closed_at": optional_moment(issue.closed_at),
        "created_at": moment(issue.created_at),
        "updated_at": moment(issue.updated_at),
        "author_association": association(world, repository, issue.author),
        "performed_via_github_app": optional_app(world, issue.app_id),
        "closed_by": optional_account(world.urls, issue.closed_by),
    }
    if pull is not None:
        merged_at = optional_moment(pull.merged_at)
        links = {"url": f"{api}/pulls/{issue.number}", "html_url": html}
        shape["pull_request"] = {
            **links,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": merged_at,
        }
    return shape


def comment_shape(world: World, repository: Repository, comment: Comment) -> Json:
    """Return a comment of the conversation."""
    api = world.urls.repository(repository.full_name)
    kind = "pull" if comment.number in repository.pulls else "issues"
    page = f"{world.urls.page(repository.full_name)}/{kind}/{comment.number}"
    return {
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "url": f"{api}/issues/comments/{comment.id}",
        "html_url": f"{page}#issuecomment-{comment.id}",
        "body": comment.body,
        "user": account_shape(world.urls, comment.author),
        "created_at": moment(comment.created_at),
        "updated_at": moment(comment.updated_at),
        "issue_url": f"{api}/issues/{comment.number}",
        "author_association": association(world, repository, comment.author),
        "performed_via_github_app": optional_app(world, comment.app_id),
    }


def reaction_shape(reaction: Reaction, urls: Urls) -> Json:
    """Return a reaction to a comment."""
    return {
        "id": reaction.id,
        "node_id": node_id("Reaction", reaction.id),
        "user": account_shape(urls, reaction.account),
        "content": reaction.content,
        "created_at": moment(reaction.created_at),
    }


def pull_minimal(world: World, repository: Repository, pull: PullRequest) -> Json:
    """Return a pull request as check runs carry it."""
    head = pull.head_repository or repository
    return {
        "id": pull.id,
        "number": pull.issue.number,
        "url": f"{world.urls.repository(repository.full_name)}/pulls/{pull.issue.number}",
        "head": {"ref": pull.head_branch, "sha": pull.head_sha, "repo": _repository_minimal(world, head)},
        "base": {"ref": pull.base_branch, "sha": pull.base_sha, "repo": _repository_minimal(world, repository)},
    }


def _head(world: World, repository: Repository, pull: PullRequest) -> Json:
    owner: Account = pull.head_owner
    return {
        "label": f"{owner.login}:{pull.head_branch}",
        "ref": pull.head_branch,
        "sha": _shown_head(world, repository, pull),
        "user": account_shape(world.urls, owner),
        "repo": None if pull.head_repository is None else repository_shape(world, pull.head_repository),
    }


def _shown_head(world: World, repository: Repository, pull: PullRequest) -> str:
    left = world.stale_heads.get((repository.id, pull.issue.number), 0)
    return pull.previous_head_sha if left > 0 and pull.previous_head_sha else pull.head_sha


def _addresses(api: str, address: str, number: int, head: str) -> Json:
    return {
        "commits_url": f"{address}/commits",
        "review_comments_url": f"{address}/comments",
        "review_comment_url": f"{api}/pulls/comments{{/number}}",
        "comments_url": f"{api}/issues/{number}/comments",
        "statuses_url": f"{api}/statuses/{head}",
    }


def _links(api: str, address: str, html: str, number: int, head: str) -> Json:
    return {
        "self": {"href": address},
        "html": {"href": html},
        "issue": {"href": f"{api}/issues/{number}"},
        "comments": {"href": f"{api}/issues/{number}/comments"},
        "review_comments": {"href": f"{address}/comments"},
        "review_comment": {"href": f"{api}/pulls/comments{{/number}}"},
        "commits": {"href": f"{address}/commits"},
        "statuses": {"href": f"{api}/statuses/{head}"},
    }


def _repository_minimal(world: World, repository: Repository) -> Json:
    return {
        "id": repository.id,
        "url": world.urls.repository(repository.full_name),
        "name": repository.name,
    }
