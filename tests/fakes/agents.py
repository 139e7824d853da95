"""Agents that answer without a process: the real answering code on the bundle that was started."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from controller.caat.bundle import Bundle
from controller.caat.runtime.agent import Agent
from controller.caat.runtime.answering import Respondent
from controller.errors import UnavailableError
from controller.ports.agent import Reply
from controller.ports.deployer import Intent, Live, Unhealthy
from tests.fakes.deployer import FakeDeployer


@dataclass
class AnsweringDeployer(FakeDeployer):
    """A deployer whose instances can be asked: it remembers which bundle answers where."""

    bundles: dict[str, Bundle] = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)
    """Agents (by code) that give no answer although they are healthy."""

    def start(self, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
        live = super().start(intent, bundle, timeout_seconds)
        if isinstance(live, Live):
            self.bundles[live.endpoint] = bundle
        return live

    def invoke(self, endpoint: str, text: str) -> Reply:
        """Answer as the bundle at `endpoint` does; this makes it an `AgentClient` too."""
        files = self.bundles[endpoint].files
        agent = TypeAdapter(Agent).validate_json(files["agent.json"])
        if agent.code in self.mute:
            raise UnavailableError("no answer", component="agent")
        knowledge = {file: files[f"knowledge/{file}"].decode() for file in agent.knowledge}
        answer = Respondent(agent, knowledge).invoke(text)
        return Reply(answer.capability, answer.answer, answer.hand_off)
