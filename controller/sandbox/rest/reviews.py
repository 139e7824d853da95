"""Reviews of a pull request: list, submit, dismiss."""

from controller.sandbox.pull_requests import Opinion, dismiss_review, submit_review
from controller.sandbox.records import Permission, Review
from controller.sandbox.refusal import not_found
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.pulls import review_shape


def list_reviews(call: Call) -> Reply:
    """Answer the reviews, oldest first."""
    return Reply(items=[review_shape(call.world, call.repository, call.pull, review) for review in call.pull.reviews])


def get_review(call: Call) -> Reply:
    """Answer one review."""
    return Reply(review_shape(call.world, call.repository, call.pull, _review(call)))


def create_review(call: Call) -> Reply:
    """Submit a review."""
    body = call.body
    opinion = Opinion(body.required_text("event"), body.text("body") or "", body.text("commit_id"))
    review = submit_review(call.deed, call.pull, opinion)
    return Reply(review_shape(call.world, call.repository, call.pull, review))


def dismiss(call: Call) -> Reply:
    """Dismiss a review with a reason."""
    call.body.required_text("message")
    review = _review(call)
    dismiss_review(call.deed, call.pull, review)
    return Reply(review_shape(call.world, call.repository, call.pull, review))


def _review(call: Call) -> Review:
    wanted = call.identifier("review_id")
    for review in call.pull.reviews:
        if review.id == wanted:
            return review
    raise not_found()


_ALL = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"

ROUTES = [
    Route("GET", _ALL, list_reviews, "pull_requests:read"),
    Route("POST", _ALL, create_review, "pull_requests:write", Permission.READ),
    Route("GET", _ALL + "/{review_id}", get_review, "pull_requests:read"),
    Route("PUT", _ALL + "/{review_id}/dismissals", dismiss, "pull_requests:write", Permission.WRITE),
]
