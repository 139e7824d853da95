"""What stands in the code host's merge queue; raises what the ports of the code host raise."""

from typing import Protocol

from controller.change.merge_group import MergeGroup


class MergeQueueReader(Protocol):
    """Reads the merge queue of the governed branch."""

    def merge_groups(self) -> tuple[MergeGroup, ...]:
        """Return every group that is in the queue now; none where there is no queue."""
        ...
