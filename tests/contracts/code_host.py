"""What every code host must do for the controller, whether GitHub's adapter or the fake.

A test module gives `CodeHostContract` a `stage` fixture: see `tests.contracts.code_hosts.stage`.
"""

from tests.contracts.code_hosts.merging import MergeContract
from tests.contracts.code_hosts.owners import OwnerContract
from tests.contracts.code_hosts.pull_requests import PullRequestContract
from tests.contracts.code_hosts.stage import BEGINNING, MANIFEST, Stage
from tests.contracts.code_hosts.trees import TreeContract
from tests.contracts.code_hosts.writing import WritingContract

__all__ = ["BEGINNING", "MANIFEST", "CodeHostContract", "Stage"]


class CodeHostContract(PullRequestContract, TreeContract, MergeContract, OwnerContract, WritingContract):
    """Tests that hold for every stage."""
