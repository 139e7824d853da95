"""How the sandbox says no: one exception per kind of GitHub error answer.

GitHub answers errors as `{"message", "documentation_url", "status"}`, with an `errors` list for a failed validation
(GitHub docs, "Troubleshooting the REST API"). Everything that refuses a call raises `Refusal`; the REST door and the
pages turn it into an answer. Errors of the sandbox itself are not refusals and stay ordinary exceptions.
"""

from collections.abc import Mapping, Sequence

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """A call the sandbox declines, with the status and body GitHub would send."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[object] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """Return the JSON body of GitHub's error answers."""
        body: dict[str, object] = {
            "message": self.message,
            "documentation_url": DOCUMENTATION,
            "status": str(self.status),
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return body


def not_found() -> Refusal:
    """Return the answer for what does not exist or may not be seen; GitHub does not tell which."""
    return Refusal(404, "Not Found")


def forbidden(message: str) -> Refusal:
    """Return the answer for a caller who is known but may not do this."""
    return Refusal(403, message)


def bad_credentials() -> Refusal:
    """Return the answer for a token or JWT that is not valid."""
    return Refusal(401, "Bad credentials")


def invalid(resource: str, field: str, message: str) -> Refusal:
    """Return a failed validation that names the field."""
    error = {"resource": resource, "field": field, "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", errors=[error])


def unprocessable(message: str, *errors: str) -> Refusal:
    """Return a failed validation whose errors are plain sentences."""
    return Refusal(422, message, errors=errors)
