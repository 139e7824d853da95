"""What the commands of a policy author are made of: a policy folder on this machine, and an OPA."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from controller.adapters.opa.inspecting import inspect_bundle, inspect_notes
from controller.adapters.opa.servers import OpaServers
from controller.adapters.opa.testing import RegoTest, run_rego_tests
from controller.change.names import Digest, RepoPath
from controller.desired_state.problem import Problem
from controller.errors import ConfigurationError, InputError, PolicyError, UnavailableError
from controller.policy.answer import Action, Finding
from controller.policy.bundle import FOLDER, PolicyBundle, policy_bundle
from controller.policy.company import CompanyRule, company_rules
from controller.policy.library import RECORD, is_as_it_came
from controller.policy.remedy import Repair
from controller.policy.rule_note import RuleNote, company_test_packages, note_problems, read_notes
from controller.policy.situation import Situation, read_situations, rules_by_action
from controller.workflow.blaming import rule_to_blame

SITUATIONS = "policies/tests"


@dataclass(frozen=True, slots=True)
class Played:
    """A situation, and how the answer differs from what it expects; empty when it does not."""

    situation: Situation
    differences: tuple[str, ...]
    found: Mapping[Action, frozenset[str]] | None
    """What the answer finds, in the form of an expectation; None when nothing can be expected of these policies.

    They then give no answer, or say themselves that they are to be mended.
    """
    unexpected: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyTests:
    """What testing the policies of a repository found."""

    faults: tuple[Problem, ...]
    """What the strict compiler finds wrong; with any of them nothing else was tested."""
    rego: tuple[RegoTest, ...] = ()
    situations: tuple[Played, ...] = ()
    """Those that were played: after one without an answer in time, none is."""
    to_blame: CompanyRule | None = None
    """The rule without which there are answers."""
    is_library_as_it_came: bool = False
    """Whether nobody changed a rule of the library; its own Rego tests are then not run, for DVO's makers ran them.

    They are about its rules with the parameters it comes with, and without those of any company.
    """

    @property
    def have_passed(self) -> bool:
        """Whether there are tests, and all of them hold."""
        outcomes = [test.has_passed for test in self.rego] + [not played.differences for played in self.situations]
        return not self.faults and bool(outcomes) and all(outcomes)


def rule_notes(repository: Path, opa: Path | None) -> tuple[RuleNote, ...]:
    """Return what every rule of `repository` says of itself.

    Raises `ConfigurationError` without an OPA, `InputError` where there are no policies,
    `PolicyError` for policies that do not parse or a rule without a note.
    """
    return read_notes(inspect_notes(known_opa(opa), policy_folder(repository)))


def notes_of(opa: Path | None) -> Callable[[PolicyBundle], tuple[RuleNote, ...]]:
    """Return what tells the notes of a bundle's rules; those of the last bundle are remembered.

    It raises `ConfigurationError` without an OPA, `PolicyError` for a rule without a note.
    """
    known: dict[Digest, tuple[RuleNote, ...]] = {}

    def told(bundle: PolicyBundle) -> tuple[RuleNote, ...]:
        if bundle.digest not in known:
            binary = known_opa(opa)
            with TemporaryDirectory(prefix="dvo-policies-") as folder:
                notes = read_notes(inspect_bundle(binary, bundle, Path(folder)))
            known.clear()
            known[bundle.digest] = notes
        return known[bundle.digest]

    return told


def policy_tests(repository: Path, opa: Path | None) -> PolicyTests:
    """Return what the compiler, the Rego tests and the situations of `repository` tell.

    Raises what `rule_notes` raises, and `InputError` for a file of situations with a fault.
    """
    binary, folder = known_opa(opa), policy_folder(repository)
    situations = tuple(_situations(repository.absolute()))
    files = {file.relative_to(folder).as_posix(): _content(file) for file in folder.rglob("*") if file.is_file()}
    bundle = policy_bundle(files)
    is_as_came = _is_as_it_came(repository.absolute(), files)
    with OpaServers(binary) as engine:
        if faults := engine.check(bundle):
            return PolicyTests(faults)
        inspected = inspect_notes(binary, folder)
        if faults := note_problems(read_notes(inspected), company_rules(bundle.files)):
            return PolicyTests(faults)
        rego = run_rego_tests(binary, folder, company_test_packages(inspected) if is_as_came else None)
        return PolicyTests((), rego, *_played(engine, bundle, situations), is_as_came)


def _played(
    engine: OpaServers, bundle: PolicyBundle, situations: Iterable[Situation]
) -> tuple[tuple[Played, ...], CompanyRule | None]:
    """Return how each situation turned out, and the rule without which there are answers where there are none.

    Raises `UnavailableError` when OPA does not answer whatever is left out.
    """
    played: list[Played] = []
    silent: Situation | None = None
    late: UnavailableError | None = None
    for situation in situations:
        try:
            played.append(_outcome(situation, engine.decide(bundle, situation.document).findings))
        except (PolicyError, UnavailableError) as error:
            played.append(Played(situation, (f"there is no answer: {error}",), None))
            silent = silent or situation
            late = error if isinstance(error, UnavailableError) else None
        if late is not None:
            break
    to_blame = None if silent is None else rule_to_blame(engine, bundle, silent.document, company_rules(bundle.files))
    if late is not None and to_blame is None:
        raise late
    return tuple(played), to_blame


def _outcome(situation: Situation, findings: Sequence[Finding]) -> Played:
    found = rules_by_action(findings)
    unexpected = tuple(one for one in findings if one.rule not in situation.expected.get(one.action, {one.rule}))
    faults = tuple(f"{one.rule}: {one.message} {one.remediation}" for one in unexpected if Repair() in one.remedy)
    if faults:
        return Played(situation, tuple(dict.fromkeys(faults)), None)
    return Played(situation, situation.differences(found), found, unexpected)


def _is_as_it_came(repository: Path, files: Mapping[str, bytes]) -> bool:
    record = repository / RECORD
    recorded = {RECORD: record.read_bytes()} if record.is_file() else {}
    return is_as_it_came({FOLDER + path: content for path, content in files.items()} | recorded)


def _situations(repository: Path) -> Iterator[Situation]:
    """Yield the situations of every file; `InputError` names each fault of the first that has any."""
    for file in sorted((repository / SITUATIONS).glob("*.y*ml")):
        reading = read_situations(RepoPath(f"{SITUATIONS}/{file.name}"), _content(file))
        if reading.accepted is None:
            raise InputError("\n".join(f"{problem}\n  → {problem.remedy}" for problem in reading.problems))
        yield from reading.accepted


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def known_opa(opa: Path | None) -> Path:
    """Return `opa`. Raises `ConfigurationError` when there is none."""
    if opa is None:
        raise ConfigurationError("OPA_BIN: there is no opa beside the project or on the PATH; `make opa` obtains it")
    return opa


def policy_folder(repository: Path) -> Path:
    """Return the policy folder of `repository`. Raises `InputError` when there is none."""
    folder = repository.absolute() / FOLDER
    if not folder.is_dir():
        raise InputError(f"--repo: expected a governed repository, got {repository} without {FOLDER}")
    return folder
