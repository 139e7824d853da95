"""The names of agents and environments, checked: short, ASCII, one spelling each."""

import re

from controller.desired_state.manifest import AgentCode, EnvironmentName
from controller.errors import InputError

AGENT_CODE = r"^[A-Z][A-Z0-9]{1,15}$"
ENVIRONMENT_NAME = r"^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])$"
RESERVED_CODE = "ENVIRONMENT"
"""`environment.yaml` is the environment's own file, so no agent may be called that."""


def agent_code(text: str) -> AgentCode:
    """Return `text` as the code of an agent; `InputError` unless it has that form."""
    if not is_agent_code(text):
        raise InputError(f"expected an agent code of 2 to 16 upper-case letters and digits, got {text[:80]!a}")
    return AgentCode(text)


def environment_name(text: str) -> EnvironmentName:
    """Return `text` as the name of an environment; `InputError` unless it has that form."""
    if not is_environment_name(text):
        raise InputError(f"expected an environment of 2 to 40 lower-case letters, digits, hyphens, got {text[:80]!a}")
    return EnvironmentName(text)


def is_agent_code(text: str) -> bool:
    """Return whether `text` can be the code of an agent."""
    return re.fullmatch(AGENT_CODE.strip("^$"), text, re.ASCII) is not None and text != RESERVED_CODE


def is_environment_name(text: str) -> bool:
    """Return whether `text` can be the name of an environment."""
    return re.fullmatch(ENVIRONMENT_NAME.strip("^$"), text, re.ASCII) is not None
