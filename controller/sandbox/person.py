"""Somebody who acts on a repository: only by the public REST API, with their own token.

For the demo and tests. Files are committed through the git database calls, so a person needs no clone; `git_url` is
there for those who want to push with git. Failures raise `httpx.HTTPStatusError` with GitHub's answer in it.
"""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httpx

Json = dict[str, object]
# The sandbox speaks plain HTTP: a context without certificates costs nothing to make, and TLS would fail closed.
_PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a token, on one repository."""

    root: str
    api: str
    repository: str
    login: str
    email: str
    token: str

    @property
    def git_url(self) -> str:
        """Return the address to clone from and push to as this person."""
        scheme, _, host = self.root.partition("://")
        return f"{scheme}://{self.login}:{self.token}@{host}/{self.repository}.git"

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send one request below the repository's address and return its JSON object."""
        answer = self.send(method, path, body)
        if answer.is_error:
            detail = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise httpx.HTTPStatusError(detail, request=answer.request, response=answer)
        return cast(Json, answer.json()) if answer.content else {}

    def send(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """Send one request and return whatever came back."""
        headers = {"Authorization": f"Bearer {self.token}", "X-GitHub-Api-Version": "2022-11-28"}
        url = f"{self.api}/repos/{self.repository}{path}"
        with httpx.Client(verify=_PLAIN, timeout=30, trust_env=False) as client:
            return client.request(method, url, json=body, headers=headers)

    def commit(
        self, branch: str, files: Mapping[str, bytes | None], message: str, *, from_branch: str | None = "main"
    ) -> str:
        """Put one commit on a branch, made from another if it does not exist; None removes a file."""
        tip = self._tip(branch)
        start = tip or self._tip(from_branch or branch)
        if start is None:
            raise ValueError(f"neither {branch} nor {from_branch} exists")
        commit = self._commit(start, files, message)
        if tip is None:
            self.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        else:
            self.call("PATCH", f"/git/refs/heads/{branch}", {"sha": commit})
        return commit

    def force_commit(self, branch: str, files: Mapping[str, bytes | None], message: str, *, onto: str = "main") -> str:
        """Rewrite a branch to be one commit on another."""
        start = self._tip(onto)
        if start is None:
            raise ValueError(f"{onto} does not exist")
        commit = self._commit(start, files, message)
        self.call("PATCH", f"/git/refs/heads/{branch}", {"sha": commit, "force": True})
        return commit

    def open_pull_request(
        self, branch: str, files: Mapping[str, bytes | None], title: str, body: str = "", *, base: str = "main"
    ) -> int:
        """Commit files to a new branch, open a pull request and return its number."""
        self.commit(branch, files, title, from_branch=base)
        answer = self.call("POST", "/pulls", {"title": title, "body": body, "head": branch, "base": base})
        return cast(int, answer["number"])

    def review(self, number: int, event: str, body: str = "") -> int:
        """Review a pull request (APPROVE, REQUEST_CHANGES, COMMENT) and return the review's id."""
        return cast(int, self.call("POST", f"/pulls/{number}/reviews", {"event": event, "body": body})["id"])

    def approve(self, number: int, body: str = "") -> int:
        """Approve a pull request."""
        return self.review(number, "APPROVE", body)

    def merge(self, number: int, method: str = "merge", *, sha: str | None = None) -> str:
        """Merge a pull request and return the new tip of its base."""
        order: Json = {"merge_method": method}
        if sha is not None:
            order["sha"] = sha
        return cast(str, self.call("PUT", f"/pulls/{number}/merge", order)["sha"])

    def enqueue(self, number: int) -> None:
        """Put a pull request into the merge queue of its base."""
        self.call("PUT", f"/pulls/{number}/merge-async", {"merge_action": "merge_queue"})

    def comment(self, number: int, body: str) -> int:
        """Comment on a pull request."""
        return cast(int, self.call("POST", f"/issues/{number}/comments", {"body": body})["id"])

    def pull(self, number: int) -> Json:
        """Return a pull request."""
        return self.call("GET", f"/pulls/{number}")

    def check_runs(self, ref: str) -> list[Json]:
        """Return the latest check runs of a commit or branch."""
        return cast(list[Json], self.call("GET", f"/commits/{ref}/check-runs?per_page=100")["check_runs"])

    def _tip(self, branch: str) -> str | None:
        answer = self.send("GET", f"/git/ref/heads/{branch}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return cast(str, answer.json()["object"]["sha"])

    def _commit(self, parent: str, files: Mapping[str, bytes | None], message: str) -> str:
        base = cast(Json, self.call("GET", f"/git/commits/{parent}")["tree"])["sha"]
        tree = self.call(
            "POST", "/git/trees", {"base_tree": base, "tree": [self._entry(*file) for file in files.items()]}
        )
        author = {"name": self.login, "email": self.email}
        commit: Json = {"message": message, "tree": tree["sha"], "parents": [parent], "author": author}
        return cast(str, self.call("POST", "/git/commits", commit)["sha"])

    def _entry(self, path: str, content: bytes | None) -> Json:
        entry: Json = {"path": path, "mode": "100644", "type": "blob", "sha": None}
        if content is not None:
            blob: Json = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
            entry["sha"] = self.call("POST", "/git/blobs", blob)["sha"]
        return entry
