"""Whether the parts of a release fit together: names, references, files and tests.

Follows the shapes of `agent_file`; every rule here needs more than one value to be judged.
"""

from collections.abc import Iterator, Mapping, Sequence

from controller.caat.agent_file import AgentFile, CapabilityTestsFile
from controller.change.characters import spelled, unseen_characters
from controller.change.names import RepoPath
from controller.desired_state.composing import Path
from controller.desired_state.document import Document
from controller.desired_state.faults import problem_at
from controller.desired_state.problem import Problem
from controller.desired_state.secret_shapes import secret_shapes

_OWN_FILES = frozenset({"agent.yaml", "tests/capabilities.yaml"})
_RENAME = "Write the folder's name in upper case, or rename the folder."


def agent_problems(document: Document, agent: AgentFile, folder: str) -> Iterator[Problem]:
    """Yield what is wrong between the keys of `agent.yaml`."""
    expected = folder.rpartition("/")[2].upper()
    if folder and agent.code != expected:
        yield problem_at(
            document, ("code",), f"`code`: the folder says {expected}, the file says {agent.code}", _RENAME
        )
    names = [capability.name for capability in agent.capabilities]
    yield from _repeated(document, "capabilities", names, "name")
    yield from _repeated(document, "knowledge", agent.knowledge)
    targets = [hand_off.to for hand_off in agent.hand_offs]
    yield from _repeated(document, "hand_offs", targets, "to")
    for index, target in enumerate(targets):
        if target == agent.code:
            at = ("hand_offs", index, "to")
            yield problem_at(
                document, at, f"`hand_offs.{index}.to`: an agent handing off to itself", "Name another agent."
            )


def file_problems(document: Document, agent: AgentFile, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield what is wrong with the knowledge and instructions `agent.yaml` names, or does not."""
    named: dict[str, Path] = {path: ("knowledge", index) for index, path in enumerate(agent.knowledge)}
    named[agent.instructions] = ("instructions",)
    for path, at in named.items():
        if path not in files:
            yield problem_at(document, at, f"{path} is not in the release", "Add the file, or name one that is there.")
        else:
            yield from _text_problems(_beside(document.path, path), files[path])
    for path in sorted(files.keys() - named.keys() - _OWN_FILES):
        remedy = "Name it under `knowledge`, or remove it: all of a release counts for its digest."
        yield Problem(_beside(document.path, path), 1, 1, "`agent.yaml` does not name this file", remedy)


def capability_test_problems(document: Document, tests: CapabilityTestsFile, agent: AgentFile) -> Iterator[Problem]:
    """Yield what is wrong between the capability tests and the agent they test."""
    yield from _repeated(document, "tests", [test.id for test in tests.tests], "id")
    names = [capability.name for capability in agent.capabilities]
    targets = [hand_off.to for hand_off in agent.hand_offs]
    for index, test in enumerate(tests.tests):
        if test.capability not in names:
            at: Path = ("tests", index, "capability")
            yield problem_at(document, at, f"{agent.code} has no capability {test.capability}", _one_of(names))
        if test.hand_off is not None and test.hand_off not in targets:
            at = ("tests", index, "hand_off")
            yield problem_at(document, at, f"{agent.code} does not hand off to {test.hand_off}", _one_of(targets))


def _repeated(document: Document, part: str, names: Sequence[str], key: str | None = None) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            at: Path = (part, index) if key is None else (part, index, key)
            yield problem_at(document, at, f"`{part}` holds {name} twice", "Keep one of them.")


def _text_problems(path: RepoPath, content: bytes) -> Iterator[Problem]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        yield Problem(path, line, 1, f"byte 0x{content[error.start]:02X} is not UTF-8", "Save the file as UTF-8.")
        return
    if (unseen := next(unseen_characters(text), None)) is not None:
        yield Problem(path, *_place(text, unseen[0]), f"the character {spelled(unseen[1])}", "Remove the character.")
    for offset, kind in secret_shapes(text):
        remedy = "Revoke it; an agent's files never hold secrets."
        yield Problem(path, *_place(text, offset), f"the text holds what looks like {kind}", remedy)


def _beside(path: RepoPath, other: str) -> RepoPath:
    return RepoPath(path.removesuffix("agent.yaml") + other)


def _place(text: str, offset: int) -> tuple[int, int]:
    return (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _one_of(names: Sequence[str]) -> str:
    return f"Name one of: {', '.join(names)}." if names else "Leave the key out."
