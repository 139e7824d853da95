"""Repositories, branches, their protection and rules, and what role somebody has."""

from controller.sandbox.git_objects import branch_tip
from controller.sandbox.records import Permission, Protection, RequiredCheck
from controller.sandbox.refusal import Refusal, unprocessable
from controller.sandbox.rest.routing import Body, Call, Reply, Route
from controller.sandbox.shapes.accounts import account_shape
from controller.sandbox.shapes.repositories import (
    branch_shape,
    full_repository,
    protection_shape,
    rule_shapes,
)
from controller.sandbox.tokens import CallerKind


def get_repository(call: Call) -> Reply:
    """Answer a repository."""
    repository = call.repository
    person = call.caller.kind is CallerKind.PERSON
    permission = call.world.permission(call.account, repository) if person else None
    return Reply(full_repository(call.world, repository, permission))


def get_branch(call: Call) -> Reply:
    """Answer one branch."""
    return Reply(branch_shape(call.world, call.repository, call.path["branch"], _tip(call)))


def get_protection(call: Call) -> Reply:
    """Answer the protection of a branch."""
    _tip(call)
    protection = call.repository.protections.get(call.path["branch"])
    if protection is None:
        raise Refusal(404, "Branch not protected")
    return Reply(protection_shape(call.world, call.repository, call.path["branch"], protection))


def put_protection(call: Call) -> Reply:
    """Replace the protection of a branch."""
    _tip(call)
    missing = [
        name
        for name in ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
        if name not in call.body
    ]
    if missing:
        raise unprocessable("Invalid request.\n\n" + ", ".join(f'"{name}"' for name in missing) + " weren't supplied.")
    protection = _protection(call.body)
    call.repository.protections[call.path["branch"]] = protection
    return Reply(protection_shape(call.world, call.repository, call.path["branch"], protection))


def delete_protection(call: Call) -> Reply:
    """Remove the protection of a branch."""
    if call.repository.protections.pop(call.path["branch"], None) is None:
        raise Refusal(404, "Branch not protected")
    return Reply(status=204)


def get_rules(call: Call) -> Reply:
    """Answer the rules that apply to a branch, from all of its rulesets."""
    _tip(call)
    rulesets = call.repository.rulesets.get(call.path["branch"], [])
    return Reply(items=[rule for ruleset in rulesets for rule in rule_shapes(call.repository, ruleset)])


def get_collaborator_permission(call: Call) -> Reply:
    """Answer somebody's role; the old field knows only admin, write, read and none."""
    account = call.world.account(call.path["username"])
    role = call.world.permission(account, call.repository)
    legacy = {Permission.MAINTAIN: Permission.WRITE, Permission.TRIAGE: Permission.READ}.get(role, role)
    user = {**account_shape(call.world.urls, account), "role_name": role.value}
    return Reply({"permission": legacy.value, "role_name": role.value, "user": user})


def _tip(call: Call) -> str:
    tip = branch_tip(call.repository.store, call.path["branch"])
    if tip is None:
        raise Refusal(404, "Branch not found")
    return tip


def _protection(body: Body) -> Protection:
    checks, reviews = body.part("required_status_checks"), body.part("required_pull_request_reviews")
    protection = Protection(
        enforce_admins=body.flag("enforce_admins"),
        linear_history=body.flag("required_linear_history"),
        allow_force_pushes=body.flag("allow_force_pushes"),
        allow_deletions=body.flag("allow_deletions"),
    )
    if checks is not None:
        protection.strict = checks.flag("strict")
        protection.required_checks = [
            RequiredCheck(check.required_text("context"), check.number("app_id")) for check in checks.objects("checks")
        ] or [RequiredCheck(context) for context in checks.texts("contexts")]
    if reviews is not None:
        _set_review_rules(protection, reviews)
    return protection


def _set_review_rules(protection: Protection, reviews: Body) -> None:
    count = reviews.number("required_approving_review_count")
    if count is not None and not 0 <= count <= 6:
        raise unprocessable("Invalid request.\n\nrequired_approving_review_count must be between 0 and 6.")
    protection.approving_reviews = 1 if count is None else count
    protection.dismiss_stale_reviews = reviews.flag("dismiss_stale_reviews")
    protection.require_code_owner_reviews = reviews.flag("require_code_owner_reviews")
    protection.require_last_push_approval = reviews.flag("require_last_push_approval")
    bypass = reviews.part("bypass_pull_request_allowances")
    if bypass is not None:
        protection.bypassers = {*bypass.texts("users"), *bypass.texts("apps")}


_ONE = "/repos/{owner}/{repo}"
_PROTECTION = _ONE + "/branches/{branch:path}/protection"

ROUTES = [
    Route("GET", _ONE, get_repository),
    Route("GET", _PROTECTION, get_protection, "administration:read", Permission.ADMIN),
    Route("PUT", _PROTECTION, put_protection, "administration:write", Permission.ADMIN),
    Route("DELETE", _PROTECTION, delete_protection, "administration:write", Permission.ADMIN),
    Route("GET", _ONE + "/rules/branches/{branch:path}", get_rules),
    Route("GET", _ONE + "/branches/{branch:path}", get_branch, "contents:read"),
    Route("GET", _ONE + "/collaborators/{username}/permission", get_collaborator_permission),
]
