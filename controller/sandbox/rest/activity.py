"""Who moved which ref, newest first, in pages that go on after a cursor (docs "List repository activities")."""

from urllib.parse import urlencode

from controller.sandbox.records import Activity
from controller.sandbox.rest.paging import page_of
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import account_shape
from controller.sandbox.world import moment, node_id


def list_activity(call: Call) -> Reply:
    """Answer the moves of a branch, or of all refs."""
    wanted = call.query.get("ref")
    refs = (None,) if wanted is None else (wanted, f"refs/heads/{wanted}")
    moves = [done for done in reversed(call.repository.activities) if wanted is None or done.ref in refs]
    after = call.query.get("after")
    if after is not None:
        known = [done.id for done in moves]
        moves = moves[known.index(int(after)) + 1 :] if after.isdecimal() and int(after) in known else []
    page = page_of({**call.query, "page": "1"}, moves)
    headers = {}
    if page.last > 1:
        query = urlencode({**call.query, "after": page.items[-1].id})
        address = f"{call.world.urls.api}/repos/{call.repository.full_name}/activity?{query}"
        headers = {"Link": f'<{address}>; rel="next"'}
    return Reply([_shape(call, done) for done in page.items], headers=headers)


def _shape(call: Call, done: Activity) -> dict[str, object]:
    return {
        "id": done.id,
        "node_id": node_id("PushEvent", done.id),
        "before": done.before,
        "after": done.after,
        "ref": done.ref,
        "timestamp": moment(done.at),
        "activity_type": done.kind,
        "actor": account_shape(call.world.urls, done.person),
    }


ROUTES = [Route("GET", "/repos/{owner}/{repo}/activity", list_activity, "contents:read")]
