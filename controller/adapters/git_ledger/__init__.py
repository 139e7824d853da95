"""The ledger as a bare Git repository: one SSH-signed commit per segment."""

from controller.adapters.git_ledger.ledger import GitLedger
from controller.adapters.git_ledger.signers import AllowedSigners
from controller.adapters.git_ledger.signing import SigningKey, ensure_key, key_of
from controller.adapters.git_ledger.verification import VerificationReport, verify

__all__ = ["AllowedSigners", "GitLedger", "SigningKey", "VerificationReport", "ensure_key", "key_of", "verify"]
