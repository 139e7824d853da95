"""JSON of check runs, check suites, annotations and deployments."""

from urllib.parse import quote

from controller.sandbox.records import Annotation, CheckRun, CheckSuite, Deployment, DeploymentStatus, Repository
from controller.sandbox.shapes.accounts import Json, account_shape, app_shape, optional_app
from controller.sandbox.shapes.commits import simple_commit
from controller.sandbox.shapes.pulls import pull_minimal
from controller.sandbox.shapes.repositories import repository_shape
from controller.sandbox.world import World, moment, node_id, optional_moment


def check_run_shape(world: World, repository: Repository, run: CheckRun) -> Json:
    """Return a check run."""
    address = f"{world.urls.repository(repository.full_name)}/check-runs/{run.id}"
    html = f"{world.urls.page(repository.full_name)}/runs/{run.id}"
    return {
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "name": run.name,
        "head_sha": run.suite.head_sha,
        "external_id": run.external_id,
        "url": address,
        "html_url": html,
        "details_url": run.details_url or html,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": moment(run.started_at),
        "completed_at": optional_moment(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{address}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": app_shape(world, world.apps[run.suite.app_id]),
        "pull_requests": _pulls_of(world, repository, run.suite.head_sha),
    }


def check_suite_shape(world: World, repository: Repository, suite: CheckSuite) -> Json:
    """Return a check suite with the sum of its runs."""
    runs = [run for run in repository.check_runs.values() if run.suite is suite]
    done = bool(runs) and all(run.status == "completed" for run in runs)
    address = f"{world.urls.repository(repository.full_name)}/check-suites/{suite.id}"
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": "completed" if done else "queued",
        "conclusion": _worst([run.conclusion for run in runs]) if done else None,
        "url": address,
        "before": suite.before,
        "after": suite.head_sha,
        "pull_requests": _pulls_of(world, repository, suite.head_sha),
        "app": app_shape(world, world.apps[suite.app_id]),
        "created_at": moment(suite.created_at),
        "updated_at": moment(suite.updated_at),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{address}/check-runs",
        "head_commit": simple_commit(repository, suite.head_sha),
        "repository": repository_shape(world, repository),
    }


def annotation_shape(world: World, repository: Repository, run: CheckRun, annotation: Annotation) -> Json:
    """Return an annotation."""
    return {
        "path": annotation.path,
        "blob_href": f"{world.urls.page(repository.full_name)}/blob/{run.suite.head_sha}/{quote(annotation.path)}",
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "start_column": annotation.start_column,
        "end_column": annotation.end_column,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
        "raw_details": annotation.raw_details,
    }


def deployment_shape(world: World, repository: Repository, deployment: Deployment) -> Json:
    """Return a deployment."""
    api = world.urls.repository(repository.full_name)
    address = f"{api}/deployments/{deployment.id}"
    latest = deployment.statuses[-1].created_at if deployment.statuses else deployment.created_at
    return {
        "id": deployment.id,
        "node_id": node_id("Deployment", deployment.id),
        "url": address,
        "sha": deployment.sha,
        "ref": deployment.ref,
        "task": deployment.task,
        "payload": deployment.payload,
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "creator": account_shape(world.urls, deployment.creator),
        "created_at": moment(deployment.created_at),
        "updated_at": moment(latest),
        "statuses_url": f"{address}/statuses",
        "repository_url": api,
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": optional_app(world, deployment.app_id),
    }


def deployment_status_shape(
    world: World, repository: Repository, deployment: Deployment, status: DeploymentStatus
) -> Json:
    """Return one status of a deployment."""
    api = world.urls.repository(repository.full_name)
    address = f"{api}/deployments/{deployment.id}"
    return {
        "id": status.id,
        "node_id": node_id("DeploymentStatus", status.id),
        "url": f"{address}/statuses/{status.id}",
        "state": status.state,
        "creator": account_shape(world.urls, status.creator),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "created_at": moment(status.created_at),
        "updated_at": moment(status.created_at),
        "deployment_url": address,
        "repository_url": api,
        "performed_via_github_app": optional_app(world, deployment.app_id),
    }


def _pulls_of(world: World, repository: Repository, head: str) -> list[Json]:
    return [
        pull_minimal(world, repository, pull)
        for pull in repository.pulls.values()
        if pull.issue.state == "open" and pull.head_sha == head
    ]


def _worst(conclusions: list[str | None]) -> str:
    order = ("failure", "timed_out", "cancelled", "action_required", "neutral", "success")
    return next((known for known in order if known in conclusions), "success")
