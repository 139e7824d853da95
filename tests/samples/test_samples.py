"""The content this project brings: accepted by its own rules, current, and answered as it promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from controller.caat.definition import AgentDefinition, CapabilityTest, read_release
from controller.caat.runtime.agent import Agent
from controller.caat.runtime.answering import Respondent
from controller.caat.translation import translate
from controller.change.names import RepoPath
from controller.desired_state.environment import DriftMode, Tier
from controller.desired_state.manifest import Platform
from controller.desired_state.reading import read_environment, read_manifest
from controller.desired_state.release import release_digest
from controller.identity.directory_file import read_directory
from controller.ownership.codeowners import LOCATIONS, owners_of, parse_codeowners
from controller.ownership.owner import TeamOwner
from tests.samples.content import CODES, ENVIRONMENTS, ROOT, plan_for, release_files


def _definition(code: str) -> AgentDefinition:
    found = read_release(release_files(code), folder=f"agents/{code}")
    assert isinstance(found, AgentDefinition), [str(problem) for problem in found]
    return found


def _tests() -> Iterator[tuple[str, CapabilityTest]]:
    return ((code, test) for code in CODES for test in _definition(code).tests)


@pytest.fixture(scope="module")
def respondents() -> dict[str, Respondent]:
    """Return every sample agent as its own bundle would answer."""
    answering = {}
    for code in CODES:
        files = release_files(code)
        bundle = translate(plan_for(files, code=code.upper()), files)
        agent = TypeAdapter(Agent).validate_json(bundle.files["agent.json"])
        knowledge = {file: bundle.files[f"knowledge/{file}"].decode() for file in agent.knowledge}
        answering[code] = Respondent(agent, knowledge)
    return answering


@pytest.mark.parametrize(("code", "test"), [pytest.param(code, test, id=test.id) for code, test in _tests()])
def test_an_input_reaches_its_capability(respondents: dict[str, Respondent], code: str, test: CapabilityTest) -> None:
    answer = respondents[code].invoke(test.input)
    assert (answer.capability, answer.hand_off) == (test.capability, test.hand_off)


@pytest.mark.parametrize("code", CODES)
def test_every_capability_is_tested(code: str) -> None:
    definition = _definition(code)
    assert {test.capability for test in definition.tests} == {each.name for each in definition.capabilities}


@pytest.mark.parametrize("code", CODES)
def test_hand_offs_name_agents_that_exist(code: str) -> None:
    assert {hand_off.to.lower() for hand_off in _definition(code).hand_offs} <= set(CODES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_accepted(environment: str) -> None:
    path = Path("environments") / environment / "environment.yaml"
    reading = read_environment(RepoPath(path.as_posix()), (ROOT / path).read_bytes())
    assert reading.problems == ()
    assert reading.accepted is not None
    assert reading.accepted.tier is Tier(environment)
    assert reading.accepted.time_zone == "Europe/Berlin"
    assert reading.accepted.drift is (DriftMode.HEAL if environment == "development" else DriftMode.REPORT)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("code", CODES)
def test_a_manifest_is_accepted_and_its_digest_current(environment: str, code: str) -> None:
    path = Path("environments") / environment / f"{code}.yaml"
    content = (ROOT / path).read_bytes()
    reading = read_manifest(RepoPath(path.as_posix()), content)
    assert reading.problems == ()
    assert reading.accepted is not None
    assert content.startswith(b"# yaml-language-server: $schema=../../schemas/agent-deployment.json\n")
    assert reading.accepted.platform is Platform.FASTAPI
    assert reading.accepted.version == _definition(code).version
    current = release_digest(release_files(code))
    assert reading.accepted.digest == (None if environment == "development" else current)


def test_the_sample_directory_names_its_people_by_number_with_a_second_factor() -> None:
    found = read_directory(RepoPath("examples/directory.yaml"), (ROOT / "examples" / "directory.yaml").read_bytes())
    assert sorted(found.by_id) == [1001, 1002, 1003, 1004, 1005, 1006]
    assert all(person.mfa for person in found.by_id.values())


OWNERS = {
    "environments/production/anl.yaml": ["release-managers"],
    "environments/staging/anl.yaml": ["operators", "release-managers"],
    "environments/development/anl.yaml": ["developers", "operators"],
    "environments/production/environment.yaml": ["admins"],
    "environments/development/environment.yaml": ["admins"],
    "agents/anl/kb/projections.md": ["developers", "operators"],
    "policies/rego/decision.rego": ["admins"],
    ".github/CODEOWNERS": ["admins"],
    "README.md": ["admins"],
}


@pytest.mark.parametrize("path", OWNERS)
def test_every_path_has_the_owners_it_should(path: str) -> None:
    codeowners = parse_codeowners(LOCATIONS[0], (ROOT / LOCATIONS[0]).read_bytes())
    assert codeowners.problems == ()
    owners = owners_of(codeowners, RepoPath(path)).owners
    assert list(owners) == [TeamOwner("acme-agents", team) for team in OWNERS[path]]
