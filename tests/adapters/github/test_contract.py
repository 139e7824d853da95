"""The GitHub adapter keeps the code host's contract, on the sandbox."""

from tests.contracts.code_host import CodeHostContract


class TestGitHub(CodeHostContract):
    """The contract; the `stage` is the sandbox's."""
