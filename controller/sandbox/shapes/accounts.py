"""JSON of people, organizations, teams, Apps and installations."""

from urllib.parse import quote

from controller.sandbox.records import Account, App, Label, Permission, Repository, Team
from controller.sandbox.urls import Urls
from controller.sandbox.world import World, moment, node_id

Json = dict[str, object]


def account_shape(urls: Urls, account: Account) -> Json:
    """Return the short form of an account ("simple user")."""
    url = f"{urls.api}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": f"{urls.root}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{urls.root}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def optional_account(urls: Urls, account: Account | None) -> Json | None:
    """Return the short form, or null."""
    return None if account is None else account_shape(urls, account)


def public_user(urls: Urls, account: Account) -> Json:
    """Return the long form of an account; its e-mail stays private as most do."""
    return {
        **account_shape(urls, account),
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": moment(account.created_at),
        "updated_at": moment(account.created_at),
    }


def organization_simple(urls: Urls, account: Account) -> Json:
    """Return an organization as events carry it."""
    url = f"{urls.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{urls.root}/avatars/{account.id}",
        "description": None,
    }


def organization_full(urls: Urls, account: Account) -> Json:
    """Return an organization as teams carry it."""
    return {
        **organization_simple(urls, account),
        "name": account.name,
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{urls.root}/{account.login}",
        "created_at": moment(account.created_at),
        "updated_at": moment(account.created_at),
        "archived_at": None,
        "type": "Organization",
    }


def team_simple(urls: Urls, team: Team) -> Json:
    """Return the short form of a team."""
    url = f"{urls.api}/organizations/{team.organization.id}/team/{team.id}"
    return {
        "id": team.id,
        "node_id": node_id("Team", team.id),
        "url": url,
        "html_url": f"{urls.root}/orgs/{team.organization.login}/teams/{team.slug}",
        "name": team.name,
        "slug": team.slug,
        "description": None,
        "privacy": team.privacy,
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": team.organization.id,
    }


def team_shape(world: World, team: Team) -> Json:
    """Return a team with its parent."""
    parent = world.teams.get((team.organization.id, team.parent)) if team.parent else None
    return {**team_simple(world.urls, team), "parent": None if parent is None else team_simple(world.urls, parent)}


def team_full(world: World, team: Team) -> Json:
    """Return the long form of a team."""
    return {
        **team_shape(world, team),
        "members_count": len(world.team_members(team)),
        "repos_count": len(team.repositories),
        "created_at": moment(team.created_at),
        "updated_at": moment(team.created_at),
        "organization": organization_full(world.urls, team.organization),
    }


def app_shape(world: World, app: App) -> Json:
    """Return a GitHub App ("integration")."""
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "owner": account_shape(world.urls, app.owner),
        "name": app.name,
        "description": None,
        "external_url": world.urls.root,
        "html_url": f"{world.urls.root}/apps/{app.slug}",
        "created_at": moment(app.created_at),
        "updated_at": moment(app.created_at),
        "permissions": dict(app.permissions),
        "events": list(app.events),
        "installations_count": 1,
    }


def optional_app(world: World, app_id: int | None) -> Json | None:
    """Return the App that did something, or null."""
    return None if app_id is None else app_shape(world, world.apps[app_id])


def installation_shape(world: World, app: App) -> Json:
    """Return the installation of an App."""
    url = f"{world.urls.api}/app/installations/{app.installation.id}"
    account = app.installation.account
    return {
        "id": app.installation.id,
        "client_id": app.client_id,
        "account": account_shape(world.urls, account),
        "repository_selection": "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{world.urls.api}/installation/repositories",
        "html_url": f"{world.urls.root}/organizations/{account.login}/settings/installations/{app.installation.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": app.granted,
        "events": app.heard,
        "created_at": moment(app.installation.created_at),
        "updated_at": moment(app.installation.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


def association(world: World, repository: Repository, account: Account) -> str:
    """Return how GitHub names an author's tie to a repository."""
    if account.id == repository.owner.id:
        return "OWNER"
    if account.id in world.owners.get(repository.owner.id, set()):
        return "MEMBER"
    if any(account.id in team.members for team in world.teams.values() if team.organization is repository.owner):
        return "MEMBER"
    held = repository.collaborators.get(account.id, Permission.NONE)
    return "COLLABORATOR" if held.rank >= Permission.READ.rank else "NONE"


def label_shape(urls: Urls, repository: Repository, label: Label) -> Json:
    """Return a label."""
    return {
        "id": label.id,
        "node_id": node_id("Label", label.id),
        "url": f"{urls.repository(repository.full_name)}/labels/{quote(label.name)}",
        "name": label.name,
        "color": label.color,
        "default": False,
        "description": label.description or "",  # of a pull request in a list it may not be null
    }
