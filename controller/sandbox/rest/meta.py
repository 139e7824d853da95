"""What a server tells of itself: rate limits and versions."""

from controller.sandbox.rest.routing import Call, Reply, Route

API_VERSIONS = ("2022-11-28", "2026-03-10")
_REMOVED = frozenset(
    {"assignee", "has_downloads", "master_branch", "merge_commit_sha", "rate", "use_squash_pr_title_as_default"}
)
"""What the newest version does not tell any more (GitHub docs "Breaking changes", 2026-03-10)."""


def told_in(version: str | None, content: object) -> object:
    """Return an answer as a version of the API gives it."""
    if version != API_VERSIONS[-1]:
        return content
    if isinstance(content, list):
        return [told_in(version, each) for each in content]
    if isinstance(content, dict):
        return {name: told_in(version, value) for name, value in content.items() if name not in _REMOVED}
    return content


def get_rate_limit(call: Call) -> Reply:
    """Answer what is left; asking costs nothing."""
    allowance = call.world.rates.allowance(call.caller.token, call.world.token_clock())
    core = {
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": allowance.remaining,
        "reset": allowance.reset,
    }
    others = {name: {**core, "used": 0, "remaining": allowance.limit} for name in ("search", "graphql")}
    return Reply({"resources": {"core": core, **others}, "rate": core})


ROUTES = [
    Route("GET", "/rate_limit", get_rate_limit),
]
