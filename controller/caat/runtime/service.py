"""The HTTP face of one agent: `/health`, `/invoke` and a route per capability.

Started as `python -I -B <bundle> --fd N --instance ID --bundle DIGEST`: the deployer binds
the socket, and tells what a bundle cannot hold itself, its own digest. The service answers
on loopback only, takes no body above its cap and never writes what it was asked.
"""

import argparse
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .agent import Agent
from .answering import Answer, Respondent

LARGEST_BODY = 64 * 1024
"""Bytes of a request body beyond which nothing is read."""
_LONGEST_INPUT = 16_000
_LEAVE_SECONDS = 3
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this running copy is: facts its deployer knows and the bundle cannot."""

    bundle: str
    instance: str


class Question(BaseModel):
    """The body of every POST."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: str = Field(min_length=1, max_length=_LONGEST_INPUT)


def main(root: Path, arguments: Sequence[str]) -> None:
    """Serve the bundle unpacked at `root` on the socket that `arguments` name, until told to end."""
    options = _parser().parse_args(arguments)
    agent, files = read_bundle(root)
    application = create(agent, files, Identity(options.bundle, options.instance))
    config = uvicorn.Config(
        application,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_LEAVE_SECONDS,
    )
    with socket.socket(fileno=options.fd) as listening:
        _refuse_strangers(listening)
        uvicorn.Server(config).run(sockets=[listening])


def read_bundle(root: Path) -> tuple[Agent, Mapping[str, str]]:
    """Return the agent and its knowledge files as the bundle at `root` holds them."""
    agent = TypeAdapter(Agent).validate_json((root / "agent.json").read_bytes())
    return agent, {file: (root / "knowledge" / file).read_text("utf-8") for file in agent.knowledge}


def create(agent: Agent, files: Mapping[str, str], identity: Identity) -> FastAPI:
    """Return the application that answers for `agent` from its knowledge `files`."""
    respondent = Respondent(agent, files)
    application = FastAPI(title=agent.name, version=agent.version, docs_url=None, redoc_url=None, openapi_url=None)
    health = {
        "status": "healthy",
        "agent": agent.code,
        "version": agent.version,
        "bundle": identity.bundle,
        "plan": agent.plan,
        "instance": identity.instance,
    }
    application.get("/health")(_constant(health))
    application.post("/invoke")(_endpoint(respondent.invoke))
    for capability in agent.capabilities:
        application.post(f"/capabilities/{capability.name}")(_endpoint(_performing(respondent, capability.name)))
    return application


def _constant(value: Mapping[str, str]) -> Callable[[], Awaitable[Mapping[str, str]]]:
    async def health() -> Mapping[str, str]:
        return value

    return health


def _performing(respondent: Respondent, capability: str) -> Callable[[str], Answer]:
    return lambda text: respondent.perform(capability, text)


def _endpoint(answer: Callable[[str], Answer]) -> Callable[[Request], Awaitable[Mapping[str, object]]]:
    async def endpoint(request: Request) -> Mapping[str, object]:
        question = _question(await _bounded_body(request))
        return asdict(answer(question.input))

    return endpoint


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"a body of at most {LARGEST_BODY} bytes is taken")
    return bytes(body)


def _question(body: bytes) -> Question:
    """Return the question in `body`; a refusal says where it is wrong, never what was sent."""
    try:
        return Question.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(422, [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults]) from None


def _refuse_strangers(listening: socket.socket) -> None:
    host = str(listening.getsockname()[0])
    if host not in _LOOPBACK:
        raise SystemExit(f"expected a socket on loopback, got one on {host}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Serve one agent.", allow_abbrev=False)
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--instance", required=True)
    parser.add_argument("--bundle", required=True)
    return parser
