"""Reads comments and accounts from GitHub; implements the conversation reader of the code host port.

Follows GitHub docs "REST API endpoints for issue comments" (one, and all of a repository) and "Get
a user using their ID". A comment is taken as it stands now: what a webhook said of it is not believed.
"""

import re
from datetime import UTC, datetime

from controller.adapters.github.answer import at, moment, number, text
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.adapters.github.refusals import unavailable
from controller.change.facts import Account, Comment
from controller.errors import InputError

_ISSUE = re.compile(r".*/issues/([1-9][0-9]{0,17})")


class GitHubConversation:
    """Reads what people say, and who an account is."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app

    def comment(self, number_: int) -> Comment:
        """Return a comment as it is now; see the port."""
        answer = self._app.get(self._app.path(f"/issues/comments/{number_:d}"))
        if number(answer, "id") != number_:
            raise unavailable(f"GitHub answered about another comment than {number_}")
        return _comment_of(answer)

    def comments_since(self, moment: datetime) -> tuple[Comment, ...]:
        """Return every comment made or edited since; see the port."""
        since = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"since": since, "sort": "created", "direction": "asc"}
        return tuple(map(_comment_of, self._app.pages(self._app.path("/issues/comments"), query)))

    def account(self, number_: int) -> Account | None:
        """Return the account with this id; see the port."""
        try:
            found = account_of(self._app.get(f"/user/{number_:d}"))
        except InputError:
            return None
        if found is not None and found.id != number_:
            raise unavailable(f"GitHub answered about another account than {number_}")
        return found


def _comment_of(answer: object) -> Comment:
    identifier = number(answer, "id")
    place = _ISSUE.fullmatch(text(answer, "issue_url"))
    if place is None:
        raise unavailable(f"GitHub does not say where comment {identifier} stands")
    return Comment(
        id=identifier,
        number=int(place[1]),
        is_on_pull_request="/pull/" in text(answer, "html_url"),
        author=account_of(at(answer, "user")),
        body=text(answer, "body"),
        is_edited=moment(answer, "updated_at") != moment(answer, "created_at"),
        is_by_app=isinstance(answer, dict) and answer.get("performed_via_github_app") is not None,
    )
