"""Who moved which ref, newest first (docs "List repository activities")."""

from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import account_shape
from controller.sandbox.world import moment, node_id


def list_activity(call: Call) -> Reply:
    """Answer the moves of a branch, or of all refs."""
    wanted = call.query.get("ref")
    refs = (None,) if wanted is None else (wanted, f"refs/heads/{wanted}")
    return Reply(
        items=[
            {
                "id": done.id,
                "node_id": node_id("PushEvent", done.id),
                "before": done.before,
                "after": done.after,
                "ref": done.ref,
                "timestamp": moment(done.at),
                "activity_type": done.kind,
                "actor": account_shape(call.world.urls, done.person),
            }
            for done in reversed(call.repository.activities)
            if wanted is None or done.ref in refs
        ]
    )


ROUTES = [Route("GET", "/repos/{owner}/{repo}/activity", list_activity, "contents:read")]
