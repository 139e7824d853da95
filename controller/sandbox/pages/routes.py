"""The pages' addresses.

Reading needs the visitor's read role; acting goes through the same operations as the REST API, so the same rules hold.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from controller.sandbox.merge_queue import tend
from controller.sandbox.pages import acting, views
from controller.sandbox.pages.acting import pull_of
from controller.sandbox.pages.rendering import STYLES, page
from controller.sandbox.pages.visitor import Visitor, form_of, people, remember, visitor_of
from controller.sandbox.records import Permission, Repository
from controller.sandbox.refusal import Refusal, forbidden, not_found
from controller.sandbox.urls import Endpoint
from controller.sandbox.world import Deed, World

View = Callable[[World, Repository, Visitor, Request], Response]
Action = Callable[[Deed, Request, Mapping[str, str]], str]


def page_routes(world: World) -> list[Route]:
    """Return the routes of the pages for the web server."""
    one, pull = "/{owner}/{repo}", "/{owner}/{repo}/pull/{number:int}"
    shown: list[tuple[str, View]] = [
        (one, _pulls),
        (one + "/pulls", _pulls),
        (pull, _conversation),
        (pull + "/files", _files),
        (one + "/issues", _issues),
        (one + "/issues/{number:int}", _issue),
        (one + "/edit/{branch}/{path:path}", _edit),
        (one + "/commits/{branch:path}", _history),
        (one + "/commit/{sha}", _commit),
        (one + "/runs/{run:int}", _run),
        (one + "/tree/{ref}", _content),
        (one + "/tree/{ref}/{path:path}", _content),
        (one + "/blob/{ref}/{path:path}", _content),
    ]
    done: list[tuple[str, Action]] = [
        (pull + "/review", acting.review),
        (pull + "/comment", acting.comment),
        (pull + "/merge", acting.merge),
        (pull + "/queue", acting.enqueue),
        (pull + "/state", acting.change_state),
        (pull + "/labels", acting.change_labels),
        (one + "/issues/{number:int}/comment", acting.comment),
        (one + "/issues/{number:int}/state", acting.change_issue),
        (one + "/edit/{branch}/{path:path}", acting.edit_file),
        (one + "/runs/{run:int}/rerequest", acting.request_of_check),
    ]
    return [
        Route("/", _front(world), methods=["GET"]),
        Route("/-/person", _choose_person(world), methods=["POST"]),
        Route("/-/static/sandbox.css", _file("sandbox.css", "text/css"), methods=["GET"]),
        Route("/-/static/mark.svg", _file("mark.svg", "image/svg+xml"), methods=["GET"]),
        *(Route(path, _showing(world, view), methods=["GET"]) for path, view in shown),
        *(Route(path, _doing(world, action), methods=["POST"]) for path, action in done),
    ]


def _front(world: World) -> Endpoint:
    async def front(request: Request) -> Response:
        visitor = visitor_of(world, request)
        return remember(_page(world, visitor, request, "front.html", repositories=world.repositories.values()), visitor)

    return front


def _choose_person(world: World) -> Endpoint:
    async def choose(request: Request) -> Response:
        visitor = visitor_of(world, request)
        try:
            fields = form_of(visitor, await request.body())
        except Refusal as refusal:
            return _refused(world, visitor, request, refusal)
        back = urlsplit(fields.get("back", "/"))
        target = back.path if back.path.startswith("/") and not back.netloc and not back.path.startswith("//") else "/"
        return remember(RedirectResponse(target, 303), visitor, fields.get("login", ""))

    return choose


def _file(name: str, kind: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        return FileResponse(STYLES / name, media_type=kind)

    return answer


def _showing(world: World, view: View) -> Endpoint:
    def answer(request: Request) -> Response:
        with world.lock:
            visitor = visitor_of(world, request)
            try:
                return remember(view(world, _visible(world, visitor, request), visitor, request), visitor)
            except Refusal as refusal:
                return _refused(world, visitor, request, refusal)

    async def show(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return show


def _doing(world: World, action: Action) -> Endpoint:
    def answer(request: Request, raw: bytes) -> Response:
        with world.lock:
            visitor = visitor_of(world, request)
            try:
                fields = form_of(visitor, raw)
                if visitor.account is None:
                    raise forbidden("Choose who you are first, at the top of the page.")
                deed = Deed(world, _visible(world, visitor, request), visitor.account)
                place = action(deed, request, fields)
                tend(world, deed.repository)
                return RedirectResponse(f"/{deed.repository.full_name}{place}", 303)
            except Refusal as refusal:
                return _refused(world, visitor, request, refusal)

    async def do(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await request.body())

    return do


def _visible(world: World, visitor: Visitor, request: Request) -> Repository:
    repository = world.repository(request.path_params["owner"], request.path_params["repo"])
    # Before choosing a person one may look around: it is a sandbox, and the first page must not be empty.
    if visitor.account is not None and world.permission(visitor.account, repository) is Permission.NONE:
        raise not_found()
    return repository


def _page(world: World, visitor: Visitor, request: Request, template: str, **content: object) -> Response:
    frame = {"repository": None, "visitor": visitor, "people": people(world), "here": request.url.path, "world": world}
    # Which check somebody just asked for something; it only shows a line of text.
    asked = request.query_params.get("asked", "")
    return page(template, {**frame, "asked": asked, **content})


def _refused(world: World, visitor: Visitor, request: Request, refusal: Refusal) -> Response:
    response = _page(world, visitor, request, "refused.html", refusal=refusal)
    response.status_code = refusal.status
    return remember(response, visitor)


def _pulls(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    state = "closed" if request.query_params.get("state") == "closed" else "open"
    content = views.pull_list(repository, state)
    return _page(world, visitor, request, "pulls.html", repository=repository, tab="pulls", **content)


def _conversation(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.conversation(world, repository, pull_of(repository, request), visitor)
    return _page(world, visitor, request, "pull.html", repository=repository, tab="pulls", section="talk", **content)


def _files(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.files(repository, pull_of(repository, request))
    return _page(world, visitor, request, "files.html", repository=repository, tab="pulls", section="files", **content)


def _issues(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.issue_list(repository)
    return _page(world, visitor, request, "issues.html", repository=repository, tab="issues", **content)


def _issue(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    issue = repository.issues.get(request.path_params["number"])
    if issue is None:
        raise not_found()
    if issue.number in repository.pulls:
        return RedirectResponse(f"/{repository.full_name}/pull/{issue.number}", 302)
    content = views.issue_page(world, repository, issue, visitor)
    return _page(world, visitor, request, "issue.html", repository=repository, tab="issues", **content)


def _history(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.history(world, repository, request.path_params["branch"])
    return _page(world, visitor, request, "commits.html", repository=repository, tab="commits", **content)


def _commit(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.commit_page(world, repository, request.path_params["sha"], visitor)
    return _page(world, visitor, request, "commit.html", repository=repository, tab="commits", **content)


def _run(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    run = repository.check_runs.get(request.path_params["run"])
    if run is None:
        raise not_found()
    content = views.run_page(world, repository, run, visitor)
    return _page(world, visitor, request, "run.html", repository=repository, tab="", **content)


def _content(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.content(repository, request.path_params["ref"], request.path_params.get("path", ""))
    return _page(world, visitor, request, "content.html", repository=repository, tab="code", **content)


def _edit(world: World, repository: Repository, visitor: Visitor, request: Request) -> Response:
    content = views.edit_page(world, repository, request.path_params["branch"], request.path_params["path"], visitor)
    return _page(world, visitor, request, "edit.html", repository=repository, tab="code", **content)
