"""What people type into the manifests of a history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.change.names import CommitSha
from controller.workflow.history import parse_key
from tests.workflow.histories.choices import Change
from tests.workflow.histories.model import PATHS, Model
from tests.workflow.steps import edited

KEYS = {path: parse_key(key) for key, path in PATHS.items()}


@dataclass(frozen=True)
class Edits:
    """Makes files of changes; `original` is what there was at first, `pins` what releases are called in a manifest."""

    model: Model
    original: Mapping[str, bytes]
    pins: Sequence[Mapping[str, object]]

    def files(self, ref: str, changes: Sequence[Change]) -> dict[str, bytes | None]:
        """Return what changes of the manifests of a branch or commit make of them."""
        now = self.model.files(self.model.host.branches.get(ref, CommitSha(ref)))
        made: dict[str, bytes | None] = {}
        for path, what, any_number in changes:
            made[path] = self.edited(path, made.get(path, now[path]), what, any_number)
        return made

    def edited(self, path: str, content: bytes | None, what: str, any_number: int) -> bytes | None:
        """Return what one change makes of the manifest at `path`, which holds `content`."""
        if what == "remove":
            return None
        if what == "as main":
            return self.model.files(self.model.host.branches["main"])[path]
        if what == "as admitted":
            wanted = self.model.wanted(str(KEYS[path]))
            return self.original[path] if wanted is None else self.model.files(self.model.steps[wanted[0]].after)[path]
        present = self.original[path] if content is None else content
        if what == "comment":
            return present + f"# remark {any_number}\n".encode()
        if what == "reformat":
            return b"\n".join(sorted(present.splitlines(), reverse=any_number % 2 == 0)) + b"\n"
        if what == "version":
            return edited(present, **self.pins[any_number % 2])
        return edited(present, replicas=int(what[-1]))
