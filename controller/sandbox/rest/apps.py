"""The App's own view: itself, its installation, tokens, and the log of its webhook deliveries."""

import json

from controller.sandbox.deliveries import Delivery
from controller.sandbox.records import App
from controller.sandbox.refusal import Refusal, not_found, unprocessable
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import Json, app_shape, installation_shape
from controller.sandbox.tokens import CallerKind, issue_installation_token
from controller.sandbox.world import moment


def get_app(call: Call) -> Reply:
    """Answer the App that calls."""
    return Reply(app_shape(call.world, _app(call)))


def get_installation(call: Call) -> Reply:
    """Answer one installation."""
    return Reply(installation_shape(call.world, _installed(call)))


def find_repository_installation(call: Call) -> Reply:
    """Answer the App's installation that covers a repository."""
    app = _app(call)
    repository = call.world.repository(call.path["owner"], call.path["repo"])
    if app.installation.account.id != repository.owner.id:
        raise not_found()
    return Reply(installation_shape(call.world, app))


def create_token(call: Call) -> Reply:
    """Issue an installation token, narrowed to what is asked."""
    app, requested = _installed(call), call.body.part("permissions")
    permissions = None
    if requested is not None:
        permissions = {name: requested.required_text(name) for name in requested.content}
    value, token = issue_installation_token(call.world, app, permissions)
    if token.expires_at is None:
        raise unprocessable("an installation token without an end")
    answer: Json = {
        "token": value,
        "expires_at": moment(token.expires_at),
        "permissions": dict(token.permissions or {}),
        "repository_selection": "all",
    }
    return Reply(answer, 201)


def list_deliveries(call: Call) -> Reply:
    """Answer the App's deliveries, newest first."""
    own = [delivery for delivery in call.world.outbox.log if delivery.target.app_id == _app(call).id]
    sent = [delivery for delivery in own if delivery.status not in ("PENDING", "LOST")]
    return Reply(items=[_delivery_shape(call, delivery) for delivery in reversed(sent)])


def get_delivery(call: Call) -> Reply:
    """Answer one delivery with what was sent and what came back."""
    delivery = _delivery(call)
    return Reply(
        {
            **_delivery_shape(call, delivery),
            "url": delivery.target.url,
            "request": {"headers": delivery.sent_headers, "payload": json.loads(delivery.payload)},
            "response": {"headers": {}, "payload": delivery.answer},
        }
    )


def redeliver(call: Call) -> Reply:
    """Send a delivery again."""
    call.world.outbox.redeliver(_delivery(call), call.world.next_id())
    return Reply({}, 202)


def _app(call: Call) -> App:
    if call.caller.kind is not CallerKind.APP or call.caller.app is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    return call.caller.app


def _installed(call: Call) -> App:
    app = _app(call)
    if app.installation.id != call.identifier("installation_id"):
        raise not_found()
    return app


def _delivery(call: Call) -> Delivery:
    app, wanted = _app(call), call.identifier("delivery_id")
    for delivery in call.world.outbox.log:
        if delivery.id == wanted and delivery.target.app_id == app.id:
            return delivery
    raise not_found()


def _delivery_shape(call: Call, delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": moment(delivery.delivered_at or call.world.now()),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.target.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


ROUTES = [
    Route("GET", "/app", get_app),
    Route("GET", "/app/installations/{installation_id}", get_installation),
    Route("POST", "/app/installations/{installation_id}/access_tokens", create_token),
    Route("GET", "/app/hook/deliveries", list_deliveries),
    Route("GET", "/app/hook/deliveries/{delivery_id}", get_delivery),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", redeliver),
    Route("GET", "/repos/{owner}/{repo}/installation", find_repository_installation),
]
