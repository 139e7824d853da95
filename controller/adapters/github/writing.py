"""Writes checks, the sticky comment and review requests to GitHub; implements the code host's writer.

What stands already is not written again: the index remembers what was written, and where it
remembers nothing, GitHub is asked. Before something is created its memory is emptied, so a
creation whose answer was lost is looked for, even when the caller says it is the first; and again
and again for a minute, for it may come after what was written next. A finished run is never rewritten
(its annotations would add up); a new one supersedes it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from controller.adapters.github.answer import at, number, text
from controller.adapters.github.checks import cut, written_as
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.adapters.github.refusals import unavailable
from controller.change.facts import Account
from controller.decision.check import CheckRun
from controller.errors import InputError
from controller.ports.code_host import Reaction
from controller.ports.journal import Index

STICKY = "<!-- dvo:sticky -->"
"""Marks the one comment that is ours to rewrite; invisible on the page."""

_COMMENT = 65_000
_AT_ONCE = 15
"""GitHub takes no more people in one request for review."""
_LATE_SECONDS = 60.0
"""How long after its answer was lost a write may still be carried out; GitHub itself gives up after ten."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known to be at GitHub: its id (None: nothing is), and what it says."""

    id: int | None
    says: str
    is_open: bool = False
    """A check run still in progress and without annotations, which an update completes."""
    doubted_until: float = 0.0
    """Until when (seconds since 1970) something written before, whose answer was lost, may come after it."""


class GitHubWriter:
    """Makes checks, comment and review requests stand as they should."""

    def __init__(self, app: GitHubApp, index: Index) -> None:
        self._app = app
        self._index = index

    def write_check(self, check: CheckRun, *, is_first: bool = False) -> None:
        """Make `check` stand on its commit; see the port."""
        key = f"github/check/{check.commit}/{check.name}"
        known, trusted, doubted_until = self._recalled(key)
        standing = trusted or (_NO_RUN if is_first and known is None else self._found_run(check))
        if standing.id is not None and standing.says == check.external_id:
            self._remember(key, replace(standing, doubted_until=doubted_until), known)
            return
        self._index.remember(key, "")
        first, *more = written_as(check)
        if standing.id is not None and standing.is_open:
            del first["head_sha"]
            run = self._update(standing.id, first)
        else:
            run = number(self._app.send("POST", self._app.path("/check-runs"), first), "id")
        for body in more:
            self._update(run, body)
        is_open = check.conclusion is None and not check.annotations
        self._remember(key, _Standing(run, check.external_id, is_open, doubted_until))

    def write_comment(self, number: int, text: str | None, *, is_first: bool = False) -> None:
        """Make `text` the one sticky comment; see the port."""
        key = f"github/comment/{number:d}"
        wanted = "" if text is None else f"{STICKY}\n{cut(text, _COMMENT)}"
        known, trusted, doubted_until = self._recalled(key)
        standing = trusted or (_NO_COMMENT if is_first and known is None else self._found_comment(number))
        if standing.says != _digest(wanted):
            self._index.remember(key, "")
            standing = _Standing(self._rewritten(number, standing.id, wanted), _digest(wanted))
        self._remember(key, replace(standing, doubted_until=doubted_until), known)

    def request_reviews(
        self, number: int, accounts: Sequence[Account], occasion: str = "", waited_for: Set[int] = frozenset()
    ) -> None:
        """Ask `accounts` to review, those not asked for `occasion` and not `waited_for` already; see the port."""
        key = f"github/requested/{number:d}/{occasion}"
        asked = set((self._index.recall(key) or "").split())
        if {str(account.id) for account in accounts} <= asked:
            return
        asked |= {str(id_) for id_ in waited_for}
        missing = sorted({account.login for account in accounts if str(account.id) not in asked})
        told = " ".join(sorted(asked | {str(account.id) for account in accounts}))
        refusals = [self._ask_all(number, missing[at : at + _AT_ONCE]) for at in range(0, len(missing), _AT_ONCE)]
        self._index.remember(key, told)
        for refusal in filter(None, refusals):
            raise refusal

    def react(self, comment: int, reaction: Reaction) -> None:
        """Put `reaction` on a comment; see the port. GitHub answers 200 instead of 201 where it stands already."""
        try:
            self._app.send(
                "POST", self._app.path(f"/issues/comments/{comment:d}/reactions"), {"content": reaction.value}
            )
        except InputError:
            return  # not every GitHub-like host has reactions, and the comment may be gone

    def _update(self, run: int, body: Mapping[str, object]) -> int:
        return number(self._app.send("PATCH", self._app.path(f"/check-runs/{run}"), body), "id")

    def _found_run(self, check: CheckRun) -> _Standing:
        query = {"check_name": check.name, "filter": "latest", "app_id": str(self._app.app_id)}
        runs = self._app.pages(self._app.path(f"/commits/{check.commit}/check-runs"), query, key="check_runs")
        # Asked for by name and App, and checked again: nobody else's run may stand for ours.
        ours = [run for run in runs if text(run, "name") == check.name and _app_of(run, "app") == self._app.app_id]
        if not ours:
            return _Standing(None, "")
        newest = max(ours, key=lambda run: number(run, "id"))
        is_open = text(newest, "status") != "completed" and number(newest, "output", "annotations_count") == 0
        says = at(newest, "external_id")
        return _Standing(number(newest, "id"), says if isinstance(says, str) else "", is_open)

    def _found_comment(self, number_: int) -> _Standing:
        comments = self._app.pages(self._app.path(f"/issues/{number_:d}/comments"))
        ours = [comment for comment in comments if self._is_sticky(comment)]
        for twin in ours[1:]:
            self._delete(number(twin, "id"))
        if not ours:
            return _NO_COMMENT
        return _Standing(number(ours[0], "id"), _digest(text(ours[0], "body")))

    def _is_sticky(self, comment: object) -> bool:
        body = at(comment, "body")
        if not isinstance(body, str) or not body.startswith(STICKY):
            return False
        author = account_of(at(comment, "user"))
        by_app = isinstance(comment, dict) and comment.get("performed_via_github_app") is not None
        if by_app:
            return _app_of(comment, "performed_via_github_app") == self._app.app_id
        return author is not None and author.login == self._app.installation.bot_login

    def _rewritten(self, number_: int, comment: int | None, wanted: str) -> int | None:
        if comment is not None and wanted:
            try:
                path = self._app.path(f"/issues/comments/{comment}")
                return number(self._app.send("PATCH", path, {"body": wanted}), "id")
            except InputError:
                comment = None  # somebody removed it
        if wanted:
            path = self._app.path(f"/issues/{number_:d}/comments")
            return number(self._app.send("POST", path, {"body": wanted}), "id")
        if comment is not None:
            self._delete(comment)
        return None

    def _delete(self, comment: int) -> None:
        try:
            said = self._app.send("DELETE", self._app.path(f"/issues/comments/{comment}"))
        except InputError:
            return  # gone already, which is what was wanted
        if said is not None:
            raise unavailable(f"GitHub does not say that comment {comment} is gone")

    def _ask_all(self, number: int, logins: Sequence[str]) -> InputError | None:
        """Ask those whom GitHub takes; return what it said when there was one it does not."""
        try:
            self._ask(number, logins)
        except InputError as refusal:
            # One whom GitHub does not take keeps it from taking the others, and would be asked at every look.
            for each in logins if len(logins) > 1 else ():
                with suppress(InputError):
                    self._ask(number, [each])
            return refusal
        return None

    def _ask(self, number: int, logins: Sequence[str]) -> None:
        path = self._app.path(f"/pulls/{number:d}/requested_reviewers")
        if at(self._app.send("POST", path, {"reviewers": list(logins)}), "number") != number:
            raise unavailable(f"GitHub answered about another pull request than {number}")

    def _recalled(self, key: str) -> tuple[str | None, _Standing | None, float]:
        """Return what the index holds, what stands if that can be trusted, and until when there is doubt."""
        known, now = self._index.recall(key), self._app.now().timestamp()
        standing = _standing_in(known)
        if standing is not None and standing.doubted_until <= now:
            return known, standing, 0.0
        return known, None, now + _LATE_SECONDS if known == "" else standing.doubted_until if standing else 0.0

    def _remember(self, key: str, standing: _Standing, known: str | None = None) -> None:
        value = json.dumps(asdict(standing))
        if value != known:
            self._index.remember(key, value)


def _standing_in(known: str | None) -> _Standing | None:
    """Return what the index remembers; None for nothing, and for what was dropped or garbled."""
    try:
        match json.loads(known or "null"):
            case {
                "id": int() | None as found,
                "says": str(says),
                "is_open": bool(is_open),
                "doubted_until": float(late),
            }:
                return _Standing(found, says, is_open, late)
    except ValueError:
        return None
    return None


def _app_of(answer: object, key: str) -> int | None:
    return None if at(answer, key) is None else number(answer, key, "id")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


_NO_RUN = _Standing(None, "")
_NO_COMMENT = _Standing(None, _digest(""))
