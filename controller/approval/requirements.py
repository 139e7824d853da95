"""Which approvals a change needs: what the policy asks for, and what always needs its owners.

Policy says whether and how many, through `require_approval` findings; governance files and
agent content always need one of their owners, whatever the policy says. Who the owners are,
and who has approved, is decided elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable

from controller.approval.approvals import Requirement
from controller.change.names import RepoPath
from controller.desired_state.paths import AgentPath, EnvironmentPath, GovernancePath, PolicyPath, classify
from controller.desired_state.proposal import Proposal
from controller.errors import PolicyError
from controller.policy.answer import Action, Answer, ApprovalTerms, Finding
from controller.policy.preview import PolicyPreview

_OWNED_ALWAYS = (AgentPath, EnvironmentPath, GovernancePath, PolicyPath)
OWNERS_ALWAYS = "codeowners"
"""The reason of the requirement that no rule needs to ask for."""


LOOSENING = "policy-preview"
"""The reason of the requirement when a change of policy would let through what was stopped or slowed."""


MENDING = "policy-mending"
"""The reason of the requirement when the policies of main answer nothing, and earlier ones judge what mends them."""


def requirements_of(
    answer: Answer, proposal: Proposal, preview: PolicyPreview | None = None, *, is_mending: bool = False
) -> tuple[Requirement, ...]:
    """Return every requirement of a change, sorted by reason; findings of one rule with the same terms are one.

    A change of policy whose `preview` loosens takes an administrator who owns it, whoever proposes it;
    one that is judged by earlier policies takes two.

    Raises `PolicyError` for a finding that requires approval without saying on which terms.
    """
    paths: defaultdict[tuple[str, ApprovalTerms], set[RepoPath]] = defaultdict(set)
    for finding in answer.findings:
        if finding.action is Action.REQUIRE_APPROVAL:
            asked = changed_paths(proposal) if finding.path is None else (finding.path,)
            paths[finding.rule, _terms(finding)].update(asked)
    asked_for = [_requirement(rule, terms, paths[rule, terms]) for rule, terms in sorted(paths, key=_order)]
    files = (effect.path for effect in proposal.effect.files)
    governed = tuple(sorted(path for path in files if isinstance(classify(path), _OWNED_ALWAYS)))
    if governed:
        asked_for.append(Requirement(OWNERS_ALWAYS, frozenset(), 1, None, governed))
    policies = tuple(path for path in governed if isinstance(classify(path), PolicyPath))
    if is_mending:
        asked_for.append(Requirement(MENDING, frozenset({"admin"}), 2, None, policies))
    if preview is not None and preview.loosens:
        asked_for.append(Requirement(LOOSENING, frozenset({"admin"}), 1, None, policies))
    return tuple(asked_for)


def changed_paths(proposal: Proposal) -> tuple[RepoPath, ...]:
    """Return every controlled path that differs, a removed manifest's included."""
    plans = [plan for difference in proposal.differences for plan in (difference.before, difference.after)]
    manifests = {plan.manifest.path for plan in plans if plan is not None}
    return tuple(sorted(manifests | {effect.path for effect in proposal.effect.files}))


def _terms(finding: Finding) -> ApprovalTerms:
    if finding.terms is None:
        raise PolicyError(f"rule {finding.rule} requires approval and does not say on which terms")
    return finding.terms


def _order(group: tuple[str, ApprovalTerms]) -> tuple[str, list[str], int, int]:
    rule, terms = group
    return rule, sorted(terms.required_roles), terms.min_approvals, terms.expiry_hours


def _requirement(rule: str, terms: ApprovalTerms, paths: Iterable[RepoPath]) -> Requirement:
    return Requirement(rule, terms.required_roles, terms.min_approvals, terms.expiry_hours, tuple(sorted(paths)))
