"""A plan and its release become a bundle; anything but that very release is refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from controller.caat.fastapi import RUNTIME
from controller.caat.translation import UnsupportedPlatformError, UnsupportedStrategyError, translate
from controller.change.names import ObjectId
from controller.desired_state.manifest import AgentCode, Model, Platform, RolloutStrategy, Version
from controller.desired_state.release import Release, release_digest
from controller.errors import InputError
from tests.samples.content import ROOT, plan_for

Change = Callable[[str, str, str], Mapping[str, bytes]]


@pytest.fixture
def runtime() -> Mapping[str, bytes]:
    folder = ROOT / "controller" / "caat" / "runtime"
    return {f"{RUNTIME}/{path.name}": path.read_bytes() for path in folder.glob("*.py")}


def test_a_bundle_holds_the_agent_its_knowledge_and_the_service(
    files: Mapping[str, bytes], runtime: Mapping[str, bytes]
) -> None:
    bundle = translate(plan_for(files, code="TST", version="1.2.3"), files)
    assert bundle.platform is Platform.FASTAPI
    assert bundle.files.keys() == runtime.keys() | {
        "__main__.py",
        "agent.json",
        "tests.json",
        "instructions/tester.md",
        "knowledge/kb/tides.md",
        "knowledge/kb/pilots.md",
    }


def test_the_service_is_copied_byte_by_byte(files: Mapping[str, bytes], runtime: Mapping[str, bytes]) -> None:
    bundle = translate(plan_for(files, code="TST", version="1.2.3"), files)
    assert runtime
    assert {path: bundle.files[path] for path in runtime} == runtime


def test_the_agent_of_a_bundle_names_its_plan(files: Mapping[str, bytes]) -> None:
    """ATTACKS 125."""
    plan = plan_for(files, code="TST", version="1.2.3", model=Model("azure_openai", "gpt-4o", 0.5))
    agent = json.loads(translate(plan, files).files["agent.json"])
    assert (agent["code"], agent["version"], agent["environment"]) == ("TST", "1.2.3", "development")
    assert (agent["plan"], agent["release"]) == (plan.digest, release_digest(files))
    assert agent["model"] == {"provider": "azure_openai", "name": "gpt-4o", "temperature": 0.5}
    assert agent["variables"] == {"LOG_LEVEL": "INFO"}


def test_references_to_secrets_stay_outside(files: Mapping[str, bytes]) -> None:
    """ATTACKS 103."""
    bundle = translate(plan_for(files, code="TST", version="1.2.3"), files)
    assert not any(b"keyvault://vault/name" in content for content in bundle.files.values())


def test_the_tests_of_a_bundle_are_those_of_the_release(files: Mapping[str, bytes]) -> None:
    bundle = translate(plan_for(files, code="TST", version="1.2.3"), files)
    assert json.loads(bundle.files["tests.json"]) == [
        {"id": "TST-1", "input": "When is high water?", "capability": "tell_tide", "hand_off": None},
        {"id": "TST-2", "input": "A storm on the open sea", "capability": "find_pilot", "hand_off": "SEA"},
    ]


def test_equal_input_gives_equal_bytes(files: Mapping[str, bytes]) -> None:
    plan = plan_for(files, code="TST", version="1.2.3")
    reordered = dict(sorted(files.items(), reverse=True))
    assert translate(plan, files).files == translate(plan, reordered).files
    assert translate(plan, files).digest == translate(plan, reordered).digest


def test_another_plan_gives_another_bundle(files: Mapping[str, bytes]) -> None:
    plan = plan_for(files, code="TST", version="1.2.3")
    other = replace(plan, replicas=2)
    assert translate(plan, files).digest != translate(other, files).digest


@pytest.mark.parametrize("platform", [each for each in Platform if each is not Platform.FASTAPI])
def test_a_platform_without_translation_is_named(files: Mapping[str, bytes], platform: Platform) -> None:
    with pytest.raises(UnsupportedPlatformError, match=platform.value):
        translate(plan_for(files, code="TST", version="1.2.3", platform=platform), files)


def test_a_rollout_nobody_can_do_is_refused_rather_than_done_otherwise(files: Mapping[str, bytes]) -> None:
    plan = plan_for(files, code="TST", version="1.2.3")
    rollout = replace(plan.manifest.rollout, strategy=RolloutStrategy.CANARY)
    with pytest.raises(UnsupportedStrategyError, match="canary"):
        translate(replace(plan, manifest=replace(plan.manifest, rollout=rollout)), files)


def test_files_of_another_release_are_refused(files: Mapping[str, bytes], changed: Change) -> None:
    """ATTACKS 027, 033, 042."""
    plan = plan_for(files, code="TST", version="1.2.3")
    with pytest.raises(InputError, match="expected the release sha256:"):
        translate(plan, changed("kb/pilots.md", "know", "knew"))


def test_a_release_with_faults_is_refused(changed: Change) -> None:
    files = changed("agent.yaml", "kind: Agent", "kind: Model")
    with pytest.raises(InputError, match="agent.yaml:2:1"):
        translate(plan_for(files, code="TST", version="1.2.3"), files)


@pytest.mark.parametrize(("code", "version"), [("ANL", "1.2.3"), ("TST", "1.2.4")])
def test_a_release_of_another_agent_or_version_is_refused(files: Mapping[str, bytes], code: str, version: str) -> None:
    plan = plan_for(files, code=code, version=version)
    release = Release(AgentCode(code), Version(version), release_digest(files), ObjectId("1" * 40))
    with pytest.raises(InputError, match=f"expected {code} {version}, got files of TST 1.2.3"):
        translate(replace(plan, release=release), files)
