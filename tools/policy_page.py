"""Write docs/reference/policies.md from what the rules say of themselves."""

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from controller.compose.policies import rule_notes
from controller.policy.rule_note import RuleNote

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "policies.md"
_HEAD = """\
# The default rules

What `dvo policy list` tells of the rules in `policies/rego/rules/`, in full. Their numbers and names are data, in
[`policies/rego/dvo/parameters/`](../../policies/rego/dvo/parameters/data.yaml); a company's own rules stand in
`policies/rego/company/`, see [how to write one](../how-to/write-a-policy.md). `tools/policy_page.py` writes this page.
What a finding says of the way to green in a form for machines is told in [Remedies](remedies.md).
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(rule_notes(ROOT, _opa())), encoding="utf-8")


def page(notes: tuple[RuleNote, ...]) -> str:
    """Return the page about `notes`, the default rules among them."""
    return "\n".join([_HEAD, *_sections(notes)])


def _sections(notes: tuple[RuleNote, ...]) -> Iterator[str]:
    for note in notes:
        if not note.is_company:
            yield f"## {note.id}\n"
            yield f"**{note.title}.** Severity {note.severity.value}; answered for by {note.owner}.\n"
            yield "\n".join(textwrap.wrap(note.description, 120)) + "\n"
            yield "\n".join(textwrap.wrap(f"To go on: {note.remedy}", 120)) + "\n"


def _opa() -> Path | None:
    own = ROOT / ".tools" / "opa"
    found = str(own) if own.exists() else shutil.which("opa")
    return None if found is None else Path(found)


if __name__ == "__main__":
    main()
