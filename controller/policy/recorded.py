"""A decision as the ledger keeps it, read back: the exact input, and the answer that was given.

Only the form of today is read; a question of another version has other members with other
meanings, and replaying it would prove nothing. Asking again is done elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.errors import InputError, PolicyError
from controller.policy.answer import Answer
from controller.policy.document import SCHEMA
from controller.policy.json_value import array, fields, instant, text
from controller.policy.reading import SCHEMA as ANSWER_SCHEMA
from controller.policy.reading import read_answer


@dataclass(frozen=True, slots=True)
class Recorded:
    """One question that was answered, and where that is written."""

    entry: str
    """The id of the event that tells of it."""
    subject: str
    """``pull/7``, ``merge/<sha>``."""
    at: datetime
    document: Mapping[str, object]
    answer: Answer

    @property
    def now(self) -> datetime:
        """The time the question was asked about."""
        return instant(self.document.get("now"), "input.now")


def read_recorded(entry: str, subject: str, at: datetime, details: Mapping[str, object]) -> Recorded | None:
    """Return the decision that `details` of an event tell of; None where policy gave no answer.

    Raises `InputError`, naming the entry, for a question of another version or a record that is none.
    """
    document, answer = details.get("input"), details.get("answer")
    if not isinstance(answer, dict) or "unanswered" in answer:
        return None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        stated = document.get("schema") if isinstance(document, dict) else document
        raise InputError(
            f"entry {entry} ({subject}): expected an input of schema {SCHEMA}, got {stated!a:.80}; "
            "replay it with the release of DVO that recorded it"
        )
    try:
        found = Recorded(entry, subject, at, document, _answer(answer))
        _ = found.now
    except PolicyError as error:
        raise InputError(f"entry {entry} ({subject}): what it keeps is no decision: {error}") from error
    return found


def _answer(raw: Mapping[str, object]) -> Answer:
    kept = fields(raw, "the answer", {"revision", "decision_id", "rules", "findings", "roles"})
    findings = [fields(item, place) for place, item in array(kept["findings"], "findings")]
    given = {
        "schema": ANSWER_SCHEMA,
        "rules": kept["rules"],
        "findings": [{**finding, "params": finding.get("params") or {}} for finding in findings],
        "roles": kept["roles"],
    }
    revision, number = text(kept["revision"], "revision"), text(kept["decision_id"], "decision_id")
    return read_answer(given, revision=revision, decision_id=number)
