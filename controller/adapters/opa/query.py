"""One question put to an OPA, and its answer believed only when it is the one asked for.

The path of the query is a constant and the question travels in the body. Errors of builtins
are errors, not silence; the answer must come from exactly the bundle that was meant. OPA's
REST API reference and opa-python-client's `query_rule` say what comes back.
"""

from collections.abc import Mapping
from http.client import HTTPException
from uuid import uuid4

import requests
import urllib3
from opa_client import errors as client_errors

from controller.adapters.opa.transport import Client
from controller.errors import PolicyError, UnavailableError
from controller.policy.answer import Answer
from controller.policy.authorization import Standing, read_authorization, read_standing
from controller.policy.bundle import PolicyBundle
from controller.policy.reading import read_answer

DECISION = ("dvo", "decision")
AUTHORIZATION = ("dvo/authz", "allow")
STANDING = ("dvo/authz", "standing")
"""A package, as a path, and the rule in it that is asked."""

_OPTIONS = {"provenance": "true", "strict-builtin-errors": "true"}

FOREIGN: tuple[type[Exception], ...] = (
    OSError,  # every exception of requests is one
    ValueError,
    HTTPException,
    urllib3.exceptions.HTTPError,
    *(error for error in vars(client_errors).values() if isinstance(error, type) and issubclass(error, Exception)),
)
"""Every exception the client can raise."""


def ask(client: Client, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
    """Return the answer of the OPA behind `client` to `document`, given by `bundle`.

    Raises `PolicyError` when the policy fails or answers anything malformed, `UnavailableError`
    when OPA does not answer, or not from `bundle`.
    """
    body = _believed(client, bundle, document, DECISION)
    logged = body.get("decision_id")
    # OPA numbers decisions only where it logs them.
    decision_id = logged if isinstance(logged, str) and logged else str(uuid4())
    return read_answer(body["result"], revision=bundle.digest, decision_id=decision_id)


def ask_authorization(client: Client, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
    """Return whether `bundle` allows what `document` asks. Raises as `ask` does."""
    return read_authorization(_believed(client, bundle, document, AUTHORIZATION)["result"])


def ask_standing(client: Client, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
    """Return which roles and permissions `bundle` gives to the groups in `document`. Raises as `ask` does."""
    return read_standing(_believed(client, bundle, document, STANDING)["result"])


def ask_served(client: Client) -> frozenset[str]:
    """Return the revisions that the OPA behind `client` serves. Raises as `ask` does."""
    return frozenset(_revisions(_body(client, {}, AUTHORIZATION).get("provenance")))


def ask_version(client: Client) -> str:
    """Return the version of the OPA behind `client`, or nothing where it tells none. Raises as `ask` does."""
    provenance = _body(client, {}, AUTHORIZATION).get("provenance")
    return str(provenance.get("version", "")) if isinstance(provenance, dict) else ""


def _believed(
    client: Client, bundle: PolicyBundle, document: Mapping[str, object], rule: tuple[str, str]
) -> Mapping[str, object]:
    """Return the whole answer, which holds a result given by `bundle`."""
    body = _body(client, document, rule)
    _check_revision(body.get("provenance"), bundle)
    if "result" not in body:
        name = ".".join(rule).replace("/", ".")
        raise PolicyError(f"data.{name} is undefined in the policies of {bundle.digest}")
    return body


def _body(client: Client, document: Mapping[str, object], rule: tuple[str, str]) -> Mapping[str, object]:
    try:
        body = client.query_rule(document, *rule, _OPTIONS)
    except requests.HTTPError as error:
        raise _refused(error.response) from error
    except FOREIGN as error:
        raise UnavailableError(f"OPA gives no answer: {_reason(error)}", component="opa") from error
    if not isinstance(body, dict):
        raise UnavailableError("OPA answers with something that is no object", component="opa")
    return body


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _refused(response: requests.Response) -> PolicyError | UnavailableError:
    """Tell a policy that failed from a server that did: only the first names errors and their places."""
    body = response.json()
    failures = body.get("errors") if isinstance(body, dict) else None
    if response.status_code in (400, 500) and isinstance(failures, list) and failures:
        return PolicyError("the policies fail: " + "; ".join(map(_failure, failures[:5])))
    return UnavailableError(f"OPA refuses to answer with status {response.status_code}", component="opa")


def _failure(failure: object) -> str:
    if not isinstance(failure, dict):
        return "an error without a form"
    location = failure.get("location")
    at = location if isinstance(location, dict) else {}
    text = f"{failure.get('message')} ({at.get('file')}:{at.get('row')})"
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]


def _check_revision(provenance: object, bundle: PolicyBundle) -> None:
    revisions = _revisions(provenance)
    if bundle.digest not in revisions:
        found = ", ".join(revision[:80] for revision in revisions) or "no revision at all"
        raise UnavailableError(f"expected an answer of revision {bundle.digest}, got {found}", component="opa")


def _revisions(provenance: object) -> list[str]:
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    answering = bundles.values() if isinstance(bundles, dict) else []
    revisions = [each.get("revision") for each in answering if isinstance(each, dict)]
    return [revision for revision in revisions if isinstance(revision, str) and revision]
