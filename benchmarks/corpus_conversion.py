"""A foreign agent as a release in our format: the bytes of `agents/<code>/`.

Flows become capabilities, routing keywords of other agents become hand-offs, plain text
becomes Markdown with its capital lines as headings. Characters that a release may not hold
are left out. The release is then read like any other.
"""

import json
import re
from collections.abc import Mapping

from benchmarks.corpus_flows import Flow, describe_flows, is_heading
from benchmarks.corpus_layout import ForeignRelease, Registry
from controller.change.characters import is_unseen

_RULE = re.compile(r"[-=_*]{3,}")
_KEYWORD = re.compile(r"[^a-z0-9 /&-]+")


def converted(registry: Registry, release: ForeignRelease) -> Mapping[str, bytes]:
    """Return the files of `release` in our format."""
    code = release.agent.code
    flows = describe_flows(code, release.labels, release.instructions, release.knowledge)
    names = {flow.label: flow.name for flow in flows}
    knowledge = {f"kb/{_markdown_name(name)}": text for name, text in release.knowledge.items()}
    instructions = f"instructions/{_markdown_name(release.agent.instructionsFile)}"
    agent = {
        "apiVersion": "dvo/v1",
        "kind": "Agent",
        "code": code,
        "name": release.agent.name,
        "description": _line(release.agent.description),
        "version": registry.version,
        "domain": "corpus",
        "capabilities": [_capability(flow, release.agent.isRouter) for flow in flows],
        "knowledge": list(knowledge),
        "instructions": instructions,
        "routing_keywords": _keywords(registry.routingKeywords.get(code, [])) or [code.lower()],
        "hand_offs": _hand_offs(registry, release),
    }
    tests = [{"id": test.id, "input": _line(test.input), "capability": names[test.label]} for test in release.tests]
    return {
        "agent.yaml": _yaml(agent),
        "tests/capabilities.yaml": _yaml({"apiVersion": "dvo/v1", "kind": "CapabilityTests", "tests": tests}),
        instructions: _markdown(release.instructions),
        **{path: _markdown(text) for path, text in knowledge.items()},
    }


def capability_names(release: ForeignRelease) -> Mapping[str, str]:
    """Return the name of the capability behind each flow or capability the tests speak of."""
    flows = describe_flows(release.agent.code, release.labels, release.instructions, release.knowledge)
    return {flow.label: flow.name for flow in flows}


def _capability(flow: Flow, is_router: bool) -> Mapping[str, object]:  # noqa: FBT001 - a fact of the registry
    hands_off = is_router and flow.name.startswith("route_")
    result = {"type": "agent" if hands_off else "text", "description": "What the flow returns", "required": True}
    return {
        "name": flow.name,
        "description": _line(flow.description),
        "keywords": _keywords(flow.keywords),
        "inputs": {"request": {"type": "text", "description": "What the person wants", "required": True}},
        "outputs": {"result": result},
    }


def _hand_offs(registry: Registry, release: ForeignRelease) -> list[Mapping[str, object]]:
    """Return the agents this one hands to: a router to all, another to those its patterns name."""
    code = release.agent.code
    described = {agent.code: agent.description for agent in registry.agents}
    found: list[Mapping[str, object]] = []
    for target, keywords in registry.routingKeywords.items():
        pattern = registry.handoffPatterns.get(f"{code}_to_{target}")
        if target == code or not (pattern or release.agent.isRouter):
            continue
        when = _instruction(release.instructions, target) or pattern or described.get(target) or f"Work of {target}."
        found.append({"to": target, "when": _line(when), "keywords": _keywords(keywords)})
    return found


def _instruction(instructions: str, target: str) -> str | None:
    line = re.search(rf"Route to {target} (?:when|for) (?P<when>.+)", instructions)
    return line["when"] if line else None


def _keywords(words: tuple[str, ...] | list[str]) -> list[str]:
    cleaned = (_KEYWORD.sub(" ", word.lower()).strip(" /&-")[:60].strip() for word in words)
    return [word for word in dict.fromkeys(cleaned) if word]


def _markdown_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name.removesuffix(".txt")) + ".md"


def _markdown(text: str) -> bytes:
    lines = (line.rstrip() for line in text.splitlines() if not _RULE.fullmatch(line.strip()))
    marked = (f"## {line.strip()}" if is_heading(line) else line for line in lines)
    return ("\n".join(map(_seen, marked)) + "\n").encode()


def _line(text: str) -> str:
    return " ".join(_seen(text).split())[:500]


def _seen(text: str) -> str:
    return "".join(character for character in text if not is_unseen(character))


def _yaml(value: object) -> bytes:
    """Return `value` as JSON, which is YAML with every text in quotes."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
