"""Turns what was decided, a plan and the bytes of its release, into what a target runs.

The bytes are held against the plan first: another release, version or agent than the one
admitted is refused. One translation per platform; each says in its own file what it makes.
"""

from collections.abc import Mapping

from controller.caat.bundle import Bundle
from controller.caat.definition import AgentDefinition, read_release
from controller.caat.fastapi import fastapi_bundle
from controller.desired_state.manifest import Platform, RolloutStrategy
from controller.desired_state.plan import Plan
from controller.desired_state.release import release_digest
from controller.errors import InputError


class UnsupportedPlatformError(InputError):
    """No translation is known for the platform a plan names."""

    advice = "Choose another platform in the manifest, or a fallback for the capability that deploys to this one."


class UnsupportedStrategyError(InputError):
    """No deployer goes out the way a plan's rollout asks for."""

    advice = "Choose `strategy: all_at_once` in the manifest."


def translate(plan: Plan, files: Mapping[str, bytes]) -> Bundle:
    """Return the bundle for `plan`; `files` is its release, keyed by path below the agent's folder.

    Raises `UnsupportedPlatformError` and `UnsupportedStrategyError` for what no one can do yet, and `InputError`
    for files that are not the plan's release or are no well-formed agent.
    """
    strategy = plan.manifest.rollout.strategy
    if strategy is not RolloutStrategy.ALL_AT_ONCE:
        raise UnsupportedStrategyError(f"{plan.key}: expected {RolloutStrategy.ALL_AT_ONCE}, got {strategy}")
    if plan.platform is not Platform.FASTAPI:
        raise UnsupportedPlatformError(f"{plan.key}: expected platform {Platform.FASTAPI}, got {plan.platform}")
    return fastapi_bundle(plan, _admitted_release(plan, files), files)


def _admitted_release(plan: Plan, files: Mapping[str, bytes]) -> AgentDefinition:
    found = release_digest(files)
    if found != plan.release.digest:
        raise InputError(f"{plan.key}: expected the release {plan.release.digest}, got files with {found}")
    definition = read_release(files)
    if not isinstance(definition, AgentDefinition):
        raise InputError(f"{plan.key}: the release is no well-formed agent: {'; '.join(map(str, definition))}")
    wanted = (plan.key.agent, plan.release.version)
    if (definition.code, definition.version) != wanted:
        raise InputError(
            f"{plan.key}: expected {' '.join(wanted)}, got files of {definition.code} {definition.version}"
        )
    return definition
