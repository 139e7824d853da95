"""People, organizations' teams and their members."""

from controller.sandbox.events import announce_membership, announce_team
from controller.sandbox.records import Permission, Team
from controller.sandbox.refusal import forbidden, not_found, unprocessable
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import account_shape, public_user, team_full
from controller.sandbox.shapes.repositories import repository_shape
from controller.sandbox.tokens import allow_reading_organization


def get_user(call: Call) -> Reply:
    """Answer a person by login."""
    return Reply(public_user(call.world.urls, call.world.account(call.path["username"])))


def get_user_by_id(call: Call) -> Reply:
    """Answer a person by numeric id."""
    account = call.world.accounts.get(call.identifier("account_id"))
    if account is None:
        raise not_found()
    return Reply(public_user(call.world.urls, account))


def get_self(call: Call) -> Reply:
    """Answer who is calling."""
    return Reply(public_user(call.world.urls, call.account))


def get_team(call: Call) -> Reply:
    """Answer one team."""
    return Reply(team_full(call.world, _team(call)))


def list_members(call: Call) -> Reply:
    """Answer the members of a team, those of its child teams included."""
    members = sorted(call.world.team_members(_team(call)))
    return Reply(items=[account_shape(call.world.urls, call.world.accounts[member]) for member in members])


def get_membership(call: Call) -> Reply:
    """Answer whether somebody belongs to a team."""
    team, account = _team(call), call.world.account(call.path["username"])
    if account.id not in call.world.team_members(team):
        raise not_found()
    url = f"{call.world.urls.api}/organizations/{team.organization.id}/team/{team.id}/memberships/{account.login}"
    return Reply({"url": url, "role": "member", "state": "active"})


def put_membership(call: Call) -> Reply:
    """Put somebody into a team; owners of the organization may."""
    team, account = _owned_team(call), call.world.account(call.path["username"])
    if account.id not in team.members:
        team.members.add(account.id)
        announce_membership(call.world, team, account, "added", call.account)
    return get_membership(call)


def delete_membership(call: Call) -> Reply:
    """Take somebody out of a team."""
    team, account = _owned_team(call), call.world.account(call.path["username"])
    if account.id not in team.members:
        raise not_found()
    team.members.remove(account.id)
    announce_membership(call.world, team, account, "removed", call.account)
    return Reply(status=204)


def put_team_repository(call: Call) -> Reply:
    """Give a team a role on a repository."""
    team, repository = _owned_team(call), call.world.repository(call.path["owner"], call.path["repo"])
    role = _ROLES.get(call.body.text("permission") or "push")
    if role is None:
        raise unprocessable("Validation Failed", "permission is not a role")
    team.repositories[repository.id] = role
    announce_team(call.world, team, "added_to_repository", call.account)
    return Reply(status=204)


def check_team_repository(call: Call) -> Reply:
    """Answer whether a team has a repository: its role when that media type is asked for, else only 204."""
    team = _team(call)
    repository = call.world.repository(call.path["owner"], call.path["repo"])
    permission = team.repositories.get(repository.id)
    if permission is None:
        raise not_found()
    if "repository+json" not in call.accept:
        return Reply(status=204)
    return Reply({**repository_shape(call.world, repository, permission), "role_name": permission.value})


def _owned_team(call: Call) -> Team:
    team = _team(call)
    if call.account.id not in call.world.owners.get(team.organization.id, set()):
        raise forbidden("Must be an owner of the organization.")
    return team


def _team(call: Call) -> Team:
    team = call.world.team(call.path["org"], call.path["team_slug"])
    allow_reading_organization(call.world, call.caller, team.organization)
    return team


_ROLES = {
    "pull": Permission.READ,
    "triage": Permission.TRIAGE,
    "push": Permission.WRITE,
    "maintain": Permission.MAINTAIN,
    "admin": Permission.ADMIN,
}
_TEAM = "/orgs/{org}/teams/{team_slug}"

ROUTES = [
    Route("GET", "/user", get_self),
    Route("GET", "/users/{username}", get_user),
    Route("GET", "/user/{account_id}", get_user_by_id),
    Route("GET", _TEAM, get_team),
    Route("GET", _TEAM + "/members", list_members),
    Route("GET", _TEAM + "/memberships/{username}", get_membership),
    Route("PUT", _TEAM + "/memberships/{username}", put_membership),
    Route("DELETE", _TEAM + "/memberships/{username}", delete_membership),
    Route("PUT", _TEAM + "/repos/{owner}/{repo}", put_team_repository),
    Route("GET", _TEAM + "/repos/{owner}/{repo}", check_team_repository),
]
