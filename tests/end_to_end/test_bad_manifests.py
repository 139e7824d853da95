"""One pull request with everything that can be wrong with manifests, and one that is right."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.world import Check, World

MANIFEST = """\
# yaml-language-server: $schema=../../schemas/agent-deployment.json
apiVersion: dvo/v1
kind: AgentDeployment
agent: {agent}
version: 1.0.0
platform: fastapi
replicas: 1
regions: [westeurope]
variables: {{LOG_LEVEL: DEBUG}}
"""


@dataclass(frozen=True, slots=True)
class Faulty:
    """A file with one fault: what replaces what, at which line it must be annotated and with which words."""

    agent: str
    here: str
    instead: str
    says: str
    environment: str = "development"
    at: str | None = None
    """What stands on the annotated line, when that is not the replaced one; "" is the first line."""
    mode: str = "100644"
    name: str = ""

    @property
    def path(self) -> str:
        return f"environments/{self.environment}/{self.name or self.agent.lower()}.yaml"

    @property
    def content(self) -> bytes:
        text = MANIFEST.format(agent=self.agent)
        assert text.count(self.here) >= 1, self.here
        return text.replace(self.here, self.instead, 1).encode("utf-8", "surrogateescape")

    @property
    def line(self) -> int:
        if self.at == "":
            return 1
        needle = (self.at or self.instead).partition("\n")[0].encode("utf-8", "surrogateescape")
        return self.content.partition(needle)[0].count(b"\n") + 1


FAULTY = {
    "text for a number": Faulty("BAA", "replicas: 1", "replicas: many", "`replicas`"),
    "a list for text": Faulty("BAB", "version: 1.0.0", "version: [1, 0]", "`version`: expected text, got a list"),
    "a number for a list": Faulty("BAC", "regions: [westeurope]", "regions: 7", "`regions`"),
    "an unknown key": Faulty("BAD", "replicas: 1", "replcas: 1", "did you mean `replicas`?"),
    "a duplicate key": Faulty(
        "BAE", "platform: fastapi", "platform: fastapi\nversion: 1.0.1", "version", at="version: 1.0.1"
    ),
    "an anchor": Faulty("BAF", "regions: [westeurope]", "regions: &all [westeurope]", "anchor"),
    "an alias": Faulty("BAG", "variables: {LOG_LEVEL: DEBUG}", "variables: *all", "alias"),
    "a tag": Faulty("BAH", "version: 1.0.0", "version: !!python/object:os.system 1.0.0", "tag"),
    "a second document": Faulty("BAI", "variables: {LOG_LEVEL: DEBUG}", "---\nkind: Another", "document", at="---"),
    "an unknown agent": Faulty("XYZ", "agent: XYZ", "agent: XYZ", "there is no agent XYZ"),
    "an unknown platform": Faulty("BAJ", "platform: fastapi", "platform: mainframe", "`platform`"),
    "a platform not offered": Faulty(
        "BAK", "platform: fastapi", "platform: langchain", "`platform`: environment `development` runs fastapi"
    ),
    "an unknown environment": Faulty(
        "ANL", "version", "version", "environment `nowhere` does not exist", "nowhere", at=""
    ),
    "a bad version": Faulty("BAL", "version: 1.0.0", "version: latest", "`version`"),
    "a bad digest": Faulty("BAM", "version: 1.0.0", "version: 1.0.0\ndigest: sha256:short", "`digest`", at="digest"),
    "another agent's name": Faulty("BAN", "agent: BAN", "agent: ORC", "expected BAN as the file's name says, got ORC"),
    "no manifest's name": Faulty("BAO", "version", "version", "no manifest", at="", name="BAO"),
    "a symbolic link": Faulty("GHA", "version", "version", "a symbolic link (120000)", "staging", at="", mode="120000"),
    "an executable file": Faulty(
        "ORC", "version", "version", "an executable file (100755)", "staging", at="", mode="100755"
    ),
    "a control character": Faulty("BAP", "DEBUG", "DE\x07BUG", "U+0007"),
    "a reordering character": Faulty("BAQ", "fastapi", "fastapi # \u202eenod", "U+202E"),
    "an invisible character": Faulty("BAR", "DEBUG", "DE\u200bBUG", "U+200B"),
    "a line separator": Faulty("BAS", "DEBUG", "DE\u2028BUG", "U+2028"),
    "no text at all": Faulty("BAT", "DEBUG", "\udcff\udcfe", "is not UTF-8", at="variables"),
    "no YAML": Faulty("BAU", "regions: [westeurope]", "regions: [westeurope", "", at="variables"),
    "nothing": Faulty("BAV", MANIFEST.format(agent="BAV"), "", "", at=""),
}


@pytest.fixture(scope="module")
def judged(company: World) -> Iterator[Check]:
    """The policy check of a pull request with all of them and a manifest that is right; closed afterwards."""
    dana = company.person("dana-dev")
    good = edited(company.file(DEVELOPMENT), replicas=7)
    files = {one.path: (one.content, one.mode) for one in FAULTY.values()} | {DEVELOPMENT: (good, "100644")}
    tip = cast(dict[str, str], dana.call("GET", "/git/ref/heads/main")["object"])["sha"]
    entries = []
    for path, (content, mode) in files.items():
        blob = dana.call("POST", "/git/blobs", {"content": base64.b64encode(content).decode(), "encoding": "base64"})
        entries.append({"path": path, "mode": mode, "type": "blob", "sha": blob["sha"]})
    tree = dana.call("POST", "/git/trees", {"base_tree": tip, "tree": entries})
    commit = dana.call("POST", "/git/commits", {"message": "Everything", "tree": tree["sha"], "parents": [tip]})
    dana.call("POST", "/git/refs", {"ref": "refs/heads/everything-wrong", "sha": commit["sha"]})
    opened = dana.call("POST", "/pulls", {"title": "Everything", "head": "everything-wrong", "base": "main"})
    number = cast(int, opened["number"])
    yield company.check(number, "dvo/policy", "failure")
    dana.call("PATCH", f"/pulls/{number}", {"state": "closed"})


@pytest.mark.parametrize("fault", FAULTY)
def test_each_fault_is_annotated_at_its_line(judged: Check, fault: str) -> None:
    """ATTACKS 005, 038, 090."""
    faulty = FAULTY[fault]
    notes = [note for note in judged.notes if note.path == faulty.path]
    found = [note for note in notes if note.line == faulty.line and faulty.says in note.says]
    assert found, f"expected {faulty.says!r} at line {faulty.line}, got {notes}"


def test_what_is_right_is_shown_beside_what_is_wrong(judged: Check) -> None:
    assert "| `development` | `ANL` |" in judged.summary
    assert "× 7 on" in judged.summary


def test_nobody_is_asked_to_approve_what_is_refused(company: World, judged: Check) -> None:
    company.check(judged.commit, "dvo/approval", "failure", "Nothing to approve while dvo/policy refuses")
