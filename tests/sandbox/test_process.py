"""The sandbox as a process of its own: it says where it is, answers, and ends when told."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.sandbox.conftest import Api


def test_a_process_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    (content / "README.md").write_bytes(b"# Agents\n")
    seeds = {
        "organization": "acme",
        "owners": ["ada"],
        "people": [{"login": "ada", "github_id": 1, "emails": ["ada@example.com"]}],
        "teams": [{"slug": "release", "members": ["ada"]}],
        "repository": {"name": "agents", "folder": str(content)},
        "grants": [{"permission": "maintain", "team": "release"}],
        "app": {"slug": "dvo", "webhook_secret": "a shared secret"},
    }
    (tmp_path / "seeds.json").write_text(json.dumps(seeds))
    arguments = [sys.executable, "-m", "controller.sandbox", str(tmp_path / "state"), str(tmp_path / "seeds.json")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        api = Api(told["api_url"], told["tokens"]["ada"])
        assert api.get(f"/repos/{told['repository']}")["full_name"] == "acme/agents"
        assert told["app"]["webhook_secret"] == "a shared secret"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
