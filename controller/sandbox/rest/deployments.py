"""Deployments and their statuses."""

from controller.sandbox.git_objects import resolve
from controller.sandbox.records import Deployment, DeploymentStatus, Permission
from controller.sandbox.refusal import invalid, not_found, unprocessable
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.checks import deployment_shape, deployment_status_shape

_STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


def list_deployments(call: Call) -> Reply:
    """Answer deployments, newest first, by sha, ref, task or environment."""
    query = call.query
    found = [
        deployment
        for deployment in call.repository.deployments.values()
        if query.get("sha", deployment.sha) == deployment.sha
        and query.get("ref", deployment.ref) == deployment.ref
        and query.get("task", deployment.task) == deployment.task
        and query.get("environment", deployment.environment) == deployment.environment
    ]
    return Reply(items=[deployment_shape(call.world, call.repository, known) for known in reversed(found)])


def get_deployment(call: Call) -> Reply:
    """Answer one deployment."""
    return Reply(deployment_shape(call.world, call.repository, _deployment(call)))


def create_deployment(call: Call) -> Reply:
    """Record the wish to deploy a ref."""
    body, ref = call.body, call.body.required_text("ref")
    sha = resolve(call.repository.store, ref)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref[:100]}")
    environment = body.text("environment") or "production"
    deployment = Deployment(
        id=call.world.next_id(),
        sha=sha,
        ref=ref,
        task=body.text("task") or "deploy",
        payload=body.content.get("payload", {}),
        environment=environment,
        description=body.text("description"),
        creator=call.account,
        created_at=call.world.now(),
        app_id=call.caller.app.id if call.caller.app else None,
        production=body.flag("production_environment", default=environment == "production"),
        transient=body.flag("transient_environment"),
    )
    call.repository.deployments[deployment.id] = deployment
    return Reply(deployment_shape(call.world, call.repository, deployment), 201)


def list_statuses(call: Call) -> Reply:
    """Answer the statuses of a deployment, newest first."""
    deployment = _deployment(call)
    statuses = reversed(deployment.statuses)
    return Reply(
        items=[deployment_status_shape(call.world, call.repository, deployment, status) for status in statuses]
    )


def create_status(call: Call) -> Reply:
    """Add a status; a success makes earlier deployments of the environment inactive unless told otherwise."""
    deployment, body = _deployment(call), call.body
    state = body.required_text("state")
    if state not in _STATES:
        raise invalid("DeploymentStatus", "state", "state is not included in the list")
    status = _status(call, deployment, state, body.text("description") or "")
    status.log_url = body.text("log_url") or body.text("target_url") or ""
    status.environment_url = body.text("environment_url") or ""
    if state == "success" and body.flag("auto_inactive", default=True):
        _retire_others(call, deployment)
    return Reply(deployment_status_shape(call.world, call.repository, deployment, status), 201)


def _retire_others(call: Call, newest: Deployment) -> None:
    for other in call.repository.deployments.values():
        if other is newest or other.production or other.transient or other.environment != newest.environment:
            continue
        if other.statuses and other.statuses[-1].state == "success":
            _status(call, other, "inactive", "")


def _status(call: Call, deployment: Deployment, state: str, description: str) -> DeploymentStatus:
    status = DeploymentStatus(
        call.world.next_id(), state, call.account, description, call.world.now(), deployment.environment
    )
    deployment.statuses.append(status)
    return status


def _deployment(call: Call) -> Deployment:
    deployment = call.repository.deployments.get(call.identifier("deployment_id"))
    if deployment is None:
        raise not_found()
    return deployment


_ALL = "/repos/{owner}/{repo}/deployments"
_ONE = _ALL + "/{deployment_id}"

ROUTES = [
    Route("GET", _ALL, list_deployments, "deployments:read"),
    Route("POST", _ALL, create_deployment, "deployments:write", Permission.WRITE),
    Route("GET", _ONE, get_deployment, "deployments:read"),
    Route("GET", _ONE + "/statuses", list_statuses, "deployments:read"),
    Route("POST", _ONE + "/statuses", create_status, "deployments:write", Permission.WRITE),
]
