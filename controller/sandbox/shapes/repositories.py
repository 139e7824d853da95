"""JSON of repositories, branches and branch protection."""

from urllib.parse import quote

from controller.sandbox.records import Permission, Protection, Repository, RequiredCheck, Ruleset
from controller.sandbox.shapes.accounts import Json, account_shape, optional_app
from controller.sandbox.shapes.commits import commit_shape
from controller.sandbox.world import World, moment, node_id

_ADDRESSES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

_RULE_PARAMETERS: dict[str, Json] = {
    "pull_request": {
        "parameters": {
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 0,
            "required_review_thread_resolution": False,
        }
    },
    "merge_queue": {
        "parameters": {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "MERGE",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 0,
        }
    },
}


def repository_shape(world: World, repository: Repository, permission: Permission | None = None) -> Json:
    """Return a repository as lists, pull requests and webhooks carry it."""
    urls, name = world.urls, repository.full_name
    url = urls.repository(name)
    open_count = sum(issue.state == "open" for issue in repository.issues.values())
    shape: Json = {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": name,
        "private": repository.private,
        "owner": account_shape(urls, repository.owner),
        "html_url": urls.page(name),
        "description": repository.description,
        "fork": repository.parent is not None,
        "url": url,
        **{key: url + path for key, path in _ADDRESSES.items()},
        "created_at": moment(repository.created_at),
        "updated_at": moment(repository.pushed_at),
        "pushed_at": moment(repository.pushed_at),
        "git_url": f"git://{urls.clone(name).partition('://')[2]}",
        "ssh_url": f"git@sandbox:{name}.git",
        "clone_url": urls.clone(name),
        "svn_url": urls.page(name),
        "homepage": None,
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        **_features(),
        "forks_count": 0,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": open_count,
        "license": None,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "forks": 0,
        "open_issues": open_count,
        "watchers": 0,
        "default_branch": repository.default_branch,
    }
    if permission is not None:
        shape["permissions"] = _permissions(permission)
    return shape


def full_repository(world: World, repository: Repository, permission: Permission | None) -> Json:
    """Return a repository as its own address answers it."""
    shape = {
        **repository_shape(world, repository, permission),
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": True,
        "subscribers_count": 0,
        "network_count": 0,
    }
    if repository.owner.kind == "Organization":
        shape["organization"] = account_shape(world.urls, repository.owner)
    if repository.parent is not None:
        shape["parent"] = shape["source"] = repository_shape(world, repository.parent)
    return shape


def branch_shape(world: World, repository: Repository, branch: str, tip: str) -> Json:
    """Return one branch with its commit."""
    url = f"{world.urls.repository(repository.full_name)}/branches/{quote(branch)}"
    protection = repository.protections.get(branch)
    contexts = [check.context for check in protection.required_checks] if protection else []
    return {
        "name": branch,
        "commit": commit_shape(world, repository, tip),
        "_links": {"self": url, "html": f"{world.urls.page(repository.full_name)}/tree/{quote(branch)}"},
        "protected": protection is not None,
        "protection": {
            "enabled": protection is not None,
            "required_status_checks": {
                "enforcement_level": "non_admins" if contexts else "off",
                "contexts": contexts,
                "checks": _checks(protection) if protection else [],
            },
        },
        "protection_url": f"{url}/protection",
    }


def protection_shape(world: World, repository: Repository, branch: str, protection: Protection) -> Json:
    """Return the protection of a branch."""
    url = f"{world.urls.repository(repository.full_name)}/branches/{quote(branch)}/protection"
    shape: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": protection.enforce_admins},
        "required_linear_history": {"enabled": protection.linear_history},
        "allow_force_pushes": {"enabled": protection.allow_force_pushes},
        "allow_deletions": {"enabled": protection.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
    }
    if protection.required_checks or protection.strict:
        shape["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": protection.strict,
            "contexts": [check.context for check in protection.required_checks],
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": _checks(protection),
        }
    if protection.approving_reviews is not None:
        shape["required_pull_request_reviews"] = _review_rules(world, url, protection)
    return shape


def rule_shapes(repository: Repository, ruleset: Ruleset) -> list[Json]:
    """Return the rules of a ruleset, each with where it comes from."""
    origin = {
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name,
        "ruleset_id": ruleset.id,
    }
    shapes: list[Json] = [{"type": kind, **_RULE_PARAMETERS.get(kind, {}), **origin} for kind in ruleset.rules]
    if ruleset.required_checks:
        parameters = {
            "strict_required_status_checks_policy": False,
            "required_status_checks": [_rule_check(check) for check in ruleset.required_checks],
        }
        shapes.append({"type": "required_status_checks", "parameters": parameters, **origin})
    return shapes


def _rule_check(check: RequiredCheck) -> Json:
    source = {} if check.app_id is None else {"integration_id": check.app_id}
    return {"context": check.context, **source}


def _review_rules(world: World, url: str, protection: Protection) -> Json:
    people = [account for account in world.accounts.values() if account.login in protection.bypassers]
    return {
        "url": f"{url}/required_pull_request_reviews",
        "dismiss_stale_reviews": protection.dismiss_stale_reviews,
        "require_code_owner_reviews": protection.require_code_owner_reviews,
        "required_approving_review_count": protection.approving_reviews,
        "require_last_push_approval": protection.require_last_push_approval,
        "bypass_pull_request_allowances": {
            "users": [account_shape(world.urls, person) for person in people if person.kind == "User"],
            "teams": [],
            "apps": [optional_app(world, app.id) for app in world.apps.values() if app.slug in protection.bypassers],
        },
    }


def _checks(protection: Protection) -> list[Json]:
    return [{"context": check.context, "app_id": check.app_id} for check in protection.required_checks]


def _permissions(permission: Permission) -> Json:
    return {
        "admin": permission.rank >= Permission.ADMIN.rank,
        "maintain": permission.rank >= Permission.MAINTAIN.rank,
        "push": permission.rank >= Permission.WRITE.rank,
        "triage": permission.rank >= Permission.TRIAGE.rank,
        "pull": permission.rank >= Permission.READ.rank,
    }


def _features() -> Json:
    return {
        "has_issues": True,
        "has_projects": False,
        "has_downloads": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
    }
