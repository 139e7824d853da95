"""Opens and reads issues at GitHub; implements the issue tracker.

Before an issue is opened it is looked for by its marker among those the App opened with the label,
so one whose opening was never answered is found and not opened again.
"""

from controller.adapters.github.answer import at, items, moment, number, text
from controller.adapters.github.checks import cut
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.adapters.github.refusals import MovedError, unavailable
from controller.decision.review_issue import IssueDraft
from controller.errors import InputError
from controller.ports.issue_tracker import Closing, IssueState

_BODY = 65_000


class GitHubIssues:
    """The issues of the governed repository."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app

    def open_issue(self, draft: IssueDraft) -> int:
        """Return the number of the issue with the draft's marker, opening it if need be; see the port."""
        found = self._found(draft)
        if found is not None:
            return found
        body = cut(f"{draft.marker}\n{draft.body}", _BODY)
        answer = self._app.send("POST", self._app.path("/issues"), _new(draft, body))
        if not any(text(label, "name") == draft.label for label in items(answer, "labels")):
            # GitHub drops labels silently where they may not be set; without it nobody finds the issue again.
            path = self._app.path(f"/issues/{number(answer, 'number')}/labels")
            self._app.send("POST", path, {"labels": [draft.label]})
        return number(answer, "number")

    def issue(self, number: int) -> IssueState | None:
        """Return how issue `number` stands; see the port."""
        try:
            answer = self._app.get(self._app.path(f"/issues/{number:d}"))
        except (InputError, MovedError):
            return None
        if at(answer, "number") != number:
            raise unavailable(f"GitHub answered about another issue than {number}")
        if text(answer, "state") != "closed":
            return IssueState(None)
        return IssueState(Closing(account_of(at(answer, "closed_by")), moment(answer, "closed_at")))

    def reopen(self, number: int, why: str) -> None:
        """Open issue `number` again and say why; see the port."""
        self._app.send("POST", self._app.path(f"/issues/{number:d}/comments"), {"body": cut(why, _BODY)})
        self._app.send("PATCH", self._app.path(f"/issues/{number:d}"), {"state": "open"})

    def _found(self, draft: IssueDraft) -> int | None:
        query = {"labels": draft.label, "state": "all", "sort": "created", "direction": "asc"}
        for each in self._app.pages(self._app.path("/issues"), query):
            body, author = at(each, "body"), account_of(at(each, "user"))
            is_ours = author is not None and author.login == self._app.installation.bot_login
            if is_ours and isinstance(body, str) and body.startswith(draft.marker):
                return number(each, "number")
        return None


def _new(draft: IssueDraft, body: str) -> dict[str, object]:
    return {"title": draft.title, "body": body, "labels": [draft.label]}
