"""Which of the company's rules is it, when policies give no answer? Found by leaving out one after another.

An answer is that of all rules together, and one that is malformed, conflicting or slow leaves none. Where
the policy engine names a place itself, nobody needs to look for it here.
"""

from collections.abc import Iterable, Mapping

from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.policy.company import CompanyRule
from controller.ports.policy_engine import PolicyEngine


def rule_to_blame(
    engine: PolicyEngine, bundle: PolicyBundle, document: Mapping[str, object], rules: Iterable[CompanyRule]
) -> CompanyRule | None:
    """Return the first of `rules` without which `bundle` answers `document`; None when there is none.

    It takes a start of the engine for each, and as long as an answer may take.
    """
    for rule in rules:
        try:
            engine.decide(_without(bundle, rule), document)
        except (PolicyError, UnavailableError):
            continue
        return rule
    return None


def _without(bundle: PolicyBundle, rule: CompanyRule) -> PolicyBundle:
    return policy_bundle({path: content for path, content in bundle.files.items() if path != rule.file})
