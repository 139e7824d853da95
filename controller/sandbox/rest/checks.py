"""Check runs and their annotations; only Apps write them (docs "REST API endpoints for check runs")."""

from datetime import datetime

from controller.sandbox.events import announce_check_run, announce_check_suite
from controller.sandbox.git_objects import read_commit, resolve
from controller.sandbox.mergeability import latest_runs
from controller.sandbox.records import Annotation, App, CheckRun, CheckSuite, Permission, Repository
from controller.sandbox.refusal import forbidden, invalid, not_found, unprocessable
from controller.sandbox.rest.routing import Body, Call, Reply, Route
from controller.sandbox.shapes.checks import annotation_shape, check_run_shape, check_suite_shape
from controller.sandbox.tokens import CallerKind

_STATUSES = ("queued", "in_progress", "completed")
_CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
_LEVELS = ("notice", "warning", "failure")
_ANNOTATIONS_PER_CALL = 50
_LONGEST_TEXT = 65535


def create_run(call: Call) -> Reply:
    """Start (and perhaps complete) a check run on a commit."""
    app, repository, body = _writing_app(call), call.repository, call.body
    name, sha = body.required_text("name"), body.required_text("head_sha")
    if read_commit(repository.store, sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha[:100]}")
    now = call.world.now()
    run = CheckRun(
        id=call.world.next_id(),
        suite=_suite(call, app, sha),
        name=name,
        status="queued",
        started_at=_time(body, "started_at") or now,
    )
    _apply(call, run)
    repository.check_runs[run.id] = run
    announce_check_run(call.deed, run, "created")
    if run.status == "completed":
        announce_check_run(call.deed, run, "completed")
    return Reply(check_run_shape(call.world, repository, run), 201)


def update_run(call: Call) -> Reply:
    """Change a check run; annotations are added to those it has."""
    app, run = _writing_app(call), _run(call)
    if run.suite.app_id != app.id:
        raise forbidden(
            f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        )
    done = run.status == "completed"
    if "name" in call.body:
        run.name = call.body.required_text("name")
    _apply(call, run)
    if run.status == "completed" and not done:
        announce_check_run(call.deed, run, "completed")
    return Reply(check_run_shape(call.world, call.repository, run))


def get_run(call: Call) -> Reply:
    """Answer one check run."""
    return Reply(check_run_shape(call.world, call.repository, _run(call)))


def list_annotations(call: Call) -> Reply:
    """Answer the annotations of a check run."""
    run = _run(call)
    return Reply(items=[annotation_shape(call.world, call.repository, run, remark) for remark in run.annotations])


def list_runs(call: Call) -> Reply:
    """Answer the check runs of a commit, newest first; the latest of each name unless all are wanted."""
    repository, query = call.repository, call.query
    oid = resolve(repository.store, call.path["ref"])
    if oid is None:
        raise unprocessable(f"No commit found for SHA: {call.path['ref'][:100]}")
    every = [run for run in repository.check_runs.values() if run.suite.head_sha == oid]
    runs = every if query.get("filter") == "all" else latest_runs(repository, oid)
    wanted = [run for run in runs if _matches(run, query.get("check_name"), query.get("status"), query.get("app_id"))]
    wanted.sort(key=lambda run: run.id, reverse=True)
    return Reply(items=[check_run_shape(call.world, repository, run) for run in wanted], wrap="check_runs")


def rerequest_run(call: Call) -> Reply:
    """Ask the App of a check run to do it again."""
    run = _run(call)
    announce_check_run(call.deed, run, "rerequested")
    return Reply({}, 201)


def list_suites(call: Call) -> Reply:
    """Answer the check suites of a commit."""
    oid = resolve(call.repository.store, call.path["ref"])
    if oid is None:
        raise unprocessable(f"No commit found for SHA: {call.path['ref'][:100]}")
    app = call.query.get("app_id")
    suites = [
        suite
        for suite in call.repository.check_suites.values()
        if suite.head_sha == oid and app in (None, str(suite.app_id))
    ]
    shapes = [check_suite_shape(call.world, call.repository, suite) for suite in suites]
    return Reply(items=shapes, wrap="check_suites")


def rerequest_suite(call: Call) -> Reply:
    """Ask an App to do all its checks on a commit again."""
    suite = call.repository.check_suites.get(call.identifier("check_suite_id"))
    if suite is None:
        raise not_found()
    announce_check_suite(call.deed, suite, "rerequested")
    return Reply({}, 201)


def _writing_app(call: Call) -> App:
    if call.caller.kind is not CallerKind.INSTALLATION or call.caller.app is None:
        raise forbidden("You must authenticate via a GitHub App.")
    return call.caller.app


def _run(call: Call) -> CheckRun:
    run = call.repository.check_runs.get(call.identifier("check_run_id"))
    if run is None:
        raise not_found()
    return run


def _suite(call: Call, app: App, sha: str) -> CheckSuite:
    repository = call.repository
    for suite in repository.check_suites.values():
        if suite.app_id == app.id and suite.head_sha == sha:
            return suite
    now = call.world.now()
    suite = CheckSuite(call.world.next_id(), app.id, sha, _branch_at(repository, sha), None, now, now)
    repository.check_suites[suite.id] = suite
    return suite


def _branch_at(repository: Repository, sha: str) -> str | None:
    prefix = "refs/heads/"
    return next((ref.removeprefix(prefix) for ref, tip in repository.store.refs(prefix).items() if tip == sha), None)


def _apply(call: Call, run: CheckRun) -> None:
    body = call.body
    status, conclusion = _progress(body, run)
    output = body.part("output")
    if output is not None:
        annotations = _annotations(output)
        _set_output(run, output)
        run.annotations += annotations
    if "external_id" in body:
        run.external_id = body.text("external_id") or ""
    run.details_url = body.text("details_url") or run.details_url
    if "actions" in body:
        run.actions = _actions(body)
    run.suite.updated_at = call.world.now()
    if conclusion is not None:
        run.status, run.conclusion = "completed", conclusion
        run.completed_at = _time(body, "completed_at") or call.world.now()
    elif status in ("queued", "in_progress"):
        run.status, run.conclusion, run.completed_at = status, None, None


def _progress(body: Body, run: CheckRun) -> tuple[str | None, str | None]:
    status, conclusion = body.text("status"), body.text("conclusion")
    if status is not None and status not in _STATUSES:
        raise invalid("CheckRun", "status", f"status is not included in the list: {status[:60]}")
    if conclusion is not None and conclusion not in _CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", f"conclusion is not included in the list: {conclusion[:60]}")
    if status == "completed" and conclusion is None and run.conclusion is None:
        raise invalid("CheckRun", "conclusion", "conclusion is missing")
    return status, conclusion


def _set_output(run: CheckRun, output: Body) -> None:
    for name in ("summary", "text"):
        value = output.text(name)
        if value is not None and len(value) > _LONGEST_TEXT:
            raise invalid("CheckRun", name, f"Only {_LONGEST_TEXT} characters are allowed; {len(value)} were supplied.")
    run.title = output.text("title") or run.title
    run.summary = output.required_text("summary")
    if "text" in output:
        run.text = output.text("text")


def _annotations(output: Body) -> list[Annotation]:
    given = output.objects("annotations")
    if len(given) > _ANNOTATIONS_PER_CALL:
        raise unprocessable(
            f"Invalid request.\n\nNo more than {_ANNOTATIONS_PER_CALL} items are allowed; {len(given)} were supplied."
        )
    return [_annotation(part) for part in given]


def _annotation(part: Body) -> Annotation:
    start, end, level = part.number("start_line"), part.number("end_line"), part.required_text("annotation_level")
    if start is None or end is None or start < 0 or end < start or level not in _LEVELS:
        raise unprocessable("Invalid request.\n\nannotation lines or level are invalid.")
    if part.number("start_column") is not None and start != end:
        raise unprocessable("Invalid request.\n\ncolumns are only allowed when start_line and end_line are equal.")
    return Annotation(
        path=part.required_text("path"),
        start_line=start,
        end_line=end,
        level=level,
        message=part.required_text("message"),
        title=part.text("title"),
        raw_details=part.text("raw_details"),
        start_column=part.number("start_column"),
        end_column=part.number("end_column"),
    )


def _actions(body: Body) -> list[dict[str, str]]:
    limits = {"label": 20, "description": 40, "identifier": 20}
    actions = [{name: part.required_text(name) for name in limits} for part in body.objects("actions")]
    if len(actions) > 3 or any(len(action[name]) > limits[name] for action in actions for name in limits):
        raise unprocessable("Invalid request.\n\nactions exceed three, or their texts 20, 40 and 20 characters.")
    return actions


def _time(body: Body, name: str) -> datetime | None:
    value = body.text(name)
    try:
        return None if value is None else datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid("CheckRun", name, f"{name} is not an ISO 8601 time") from error


def _matches(run: CheckRun, name: str | None, status: str | None, app: str | None) -> bool:
    return name in (None, run.name) and status in (None, run.status) and app in (None, str(run.suite.app_id))


_ONE = "/repos/{owner}/{repo}"
_RUN = _ONE + "/check-runs/{check_run_id}"

ROUTES = [
    Route("POST", _ONE + "/check-runs", create_run, "checks:write", Permission.READ),
    Route("GET", _RUN, get_run, "checks:read"),
    Route("PATCH", _RUN, update_run, "checks:write", Permission.READ),
    Route("GET", _RUN + "/annotations", list_annotations, "checks:read"),
    Route("POST", _RUN + "/rerequest", rerequest_run, "checks:write", Permission.WRITE),
    Route("GET", _ONE + "/commits/{ref:path}/check-runs", list_runs, "checks:read"),
    Route("GET", _ONE + "/commits/{ref:path}/check-suites", list_suites, "checks:read"),
    Route("POST", _ONE + "/check-suites/{check_suite_id}/rerequest", rerequest_suite, "checks:write", Permission.WRITE),
]
