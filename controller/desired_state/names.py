"""The names of agents and environments, checked: short, ASCII, one spelling each."""

import re

AGENT_CODE = r"^[A-Z][A-Z0-9]{1,15}$"
ENVIRONMENT_NAME = r"^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])$"
RESERVED_CODE = "ENVIRONMENT"
"""`environment.yaml` is the environment's own file, so no agent may be called that."""


def is_agent_code(text: str) -> bool:
    """Return whether `text` can be the code of an agent."""
    return re.fullmatch(AGENT_CODE.strip("^$"), text, re.ASCII) is not None and text != RESERVED_CODE


def is_environment_name(text: str) -> bool:
    """Return whether `text` can be the name of an environment."""
    return re.fullmatch(ENVIRONMENT_NAME.strip("^$"), text, re.ASCII) is not None
