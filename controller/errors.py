"""Every exception the controller raises, one tree, branched by who must act.

    ControllerError
    ├── InputError             the sender: what was given cannot be accepted
    ├── PolicyError            the policy's owner: it does not compile, or answers nonsense
    ├── UnavailableError       nobody yet: an outside part is down, slow or garbled; try again
    ├── StaleError             nobody: the facts moved underneath; look again
    ├── ConfigurationError     the operator: a setting is missing, wrong or retired
    └── LedgerIntegrityError   everybody: the evidence does not hold; stop everything

A refused change is a verdict, never an exception. Names end in ``Error``.
"""


class ControllerError(Exception):
    """Root of the tree; ``advice`` says what the person who must act can do."""

    advice = "Look at the message; if it does not help, run `dvo doctor`."


class InputError(ControllerError):
    """What a sender gave cannot be accepted; nothing was done with it."""

    advice = "Correct the named input and send it again."


class PolicyError(ControllerError):
    """The policy in force does not compile, is too slow, or gives no well-formed answer."""

    advice = "The policy's owners correct it through a pull request; `dvo policy test` shows it locally."


class UnavailableError(ControllerError):
    """An outside part did not answer as its interface promises; the work is tried again."""

    advice = "Nothing is admitted meanwhile; `dvo doctor` names what cannot be reached."

    def __init__(self, message: str, *, component: str, retry_after_seconds: float | None = None) -> None:
        """Name the ``component`` that failed, and how many seconds it asked us to wait."""
        super().__init__(message)
        self.component = component
        self.retry_after_seconds = retry_after_seconds


class StaleError(ControllerError):
    """The outside world shows another state than the one this work was about."""

    advice = "The work looks again at the current state by itself."


class ConfigurationError(ControllerError):
    """A setting is missing, malformed, contradictory or retired."""

    advice = "Correct the named setting and start again; docs/reference/settings.md lists them all."


class LedgerIntegrityError(ControllerError):
    """The ledger is not the chain it claims to be, or no extension of its anchor."""

    advice = "Stop. Compare the ledger with its remote and the SIEM before anything is deployed again."
