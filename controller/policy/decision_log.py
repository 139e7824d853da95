"""A recorded decision as an entry of OPA's own decision log, for tools that read those.

Members and their meaning are those of OPA's management API, "Decision Logs". Ours are made of
what the ledger keeps: who asked over which connection and how long it took is not kept, so
`requested_by` and `metrics` are left out, which the schema allows.
"""

from collections.abc import Mapping
from datetime import UTC

from controller.policy.answer_document import answer_document
from controller.policy.reading import SCHEMA
from controller.policy.recorded import Recorded

PATH = "dvo/decision"


def decision_log_entry(decision: Recorded, version: str) -> Mapping[str, object]:
    """Return `decision` in the schema of OPA's decision log; `version` is the release of DVO that tells it."""
    answer = decision.answer
    return {
        "labels": {"app": "dvo", "version": version, "entry": decision.entry, "subject": decision.subject},
        "decision_id": answer.decision_id,
        "bundles": {"dvo": {"revision": answer.revision}},
        "path": PATH,
        "input": decision.document,
        "result": {"schema": SCHEMA, **answer_document(answer)},
        "timestamp": decision.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
