"""What is otherwise than in a change somebody saw: each field and file, with the line that says so now.

Two proposals are compared, the one that was seen and the one of now. Values that could be long
or private (variables, references to secrets) are named and not repeated. Whose approval it
concerns, and how it is shown, is decided elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.change.names import RepoPath
from controller.desired_state.difference import Difference
from controller.desired_state.effect import FileEffect
from controller.desired_state.plan import Plan, plan_document
from controller.desired_state.proposal import Proposal

_STANDS_AT = {"release": "digest", "pinned": "digest"}
"""Which key of a manifest says a field of a plan, where the names differ."""
_UNTOLD = ("variables", "secrets")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class EffectChange:
    """One thing that is otherwise now, where it stands, and in words; `line` None where no line says it."""

    path: RepoPath
    line: int | None
    sentence: str


def changes_since(seen: Proposal, now: Proposal) -> tuple[EffectChange, ...]:
    """Return what `now` does otherwise than `seen` did; empty exactly when both have one effect."""
    return (*_deployments(seen, now), *_files(seen, now))


def _deployments(seen: Proposal, now: Proposal) -> Iterator[EffectChange]:
    was = {difference.key: difference for difference in seen.differences}
    will = {difference.key: difference for difference in now.differences}
    for key in sorted(was.keys() | will.keys()):
        old, new = was.get(key), will.get(key)
        if old is None or new is None:
            yield from _alone(old, new)
        else:
            yield from _stated(old.after, new.after, "")
            yield from _stated(old.before, new.before, "main moved: ")


def _alone(old: Difference | None, new: Difference | None) -> Iterator[EffectChange]:
    for difference in filter(None, (old, new)):
        for plan in filter(None, (difference.after or difference.before,)):
            said = "was no part of what was approved" if old is None else "is no longer changed, as was approved"
            yield EffectChange(plan.manifest.path, None, f"{difference.key} {said}")


def _stated(old: Plan | None, new: Plan | None, prefix: str) -> Iterator[EffectChange]:
    """Yield what one side of a deployment says otherwise."""
    if old is None or new is None:
        for plan in filter(None, (old, new)):
            states = ("absent", "there") if old is None else ("there", "absent")
            sentence = f"{prefix}{plan.key} was {states[0]} when approved and is {states[1]} now"
            yield EffectChange(plan.manifest.path, None, sentence)
        return
    before, after = _fields(plan_document(old)), _fields(plan_document(new))
    for name in [name for name in {**after, **before} if before.get(name) != after.get(name)]:
        sentence = f"{prefix}{new.key} {_told(name, before.get(name), after.get(name))}"
        yield EffectChange(new.manifest.path, _line(new, name), sentence)


def _fields(document: Mapping[str, object]) -> dict[str, object]:
    """Return every field under its dotted name."""
    fields: dict[str, object] = {}
    for name, value in document.items():
        parts = value if isinstance(value, Mapping) and name != "replicas" else None
        fields |= {name: value} if parts is None else {f"{name}.{part}": inner for part, inner in parts.items()}
    return fields


def _told(name: str, old: object, new: object) -> str:
    if name.startswith(_UNTOLD):
        return f"{name} is another than when approved"
    return f"{name} was {_shown(old)} when approved and is {_shown(new)} now"


def _shown(value: object) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _line(plan: Plan, name: str) -> int | None:
    lines = plan.manifest.lines
    wanted = _STANDS_AT.get(name, name)
    return next(
        (lines[key] for key in (wanted, wanted.partition(".")[0], "autoscaling", "agent") if key in lines), None
    )


def _files(seen: Proposal, now: Proposal) -> Iterator[EffectChange]:
    was = {file.path: file for file in seen.effect.files}
    will = {file.path: file for file in now.effect.files}
    for path in sorted(was.keys() | will.keys()):
        for sentence in _file(was.get(path), will.get(path)):
            yield EffectChange(path, None, sentence)


def _file(old: FileEffect | None, new: FileEffect | None) -> Iterator[str]:
    if old is None:
        yield "was no part of what was approved"
    elif new is None:
        yield "is no longer changed, as was approved"
    else:
        if old.after != new.after:
            yield "has another content than was approved"
        if old.before != new.before:
            yield "main changed it since it was approved"
