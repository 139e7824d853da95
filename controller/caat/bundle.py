"""A bundle: the files that make an agent run on a platform, and their digest.

The digest is SHA-256 over the sorted (path, SHA-256 of the bytes), as for a release; it is
what the running agent reports as its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import Digest
from controller.desired_state.manifest import Platform
from controller.desired_state.release import release_digest


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything a target needs to run one agent."""

    platform: Platform
    files: Mapping[str, bytes]

    @property
    def digest(self) -> Digest:
        """The content digest of the bundle."""
        return release_digest(self.files)
