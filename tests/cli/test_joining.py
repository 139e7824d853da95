"""What the demo leaves for whoever wants to take part: a file with which a shell acts as somebody."""

import json
import subprocess
from pathlib import Path

from controller.cli.demo.joining import write_roles
from controller.sandbox.sandbox import Sandbox
from controller.settings import process_environment

_STORY = """
. "$1/ada" && git clone --quiet $CLONE && cd agents
git switch --quiet --create change && echo new > new && git add new && git commit --quiet --message new
git push --quiet origin change
curl --silent --oauth2-bearer "$TOKEN" "$API/pulls" --data '{"title": "New", "head": "change", "base": "main"}' > pull
echo "$DVO_HOME $DVO_DIRECTORY_FILE" > told
"""


def test_a_shell_that_reads_it_clones_pushes_and_opens_a_pull_request_as_that_person(tmp_path: Path) -> None:
    with Sandbox.running(tmp_path / "sandbox") as sandbox:
        sandbox.seeds.add_person("ada", github_id=1001, emails=["ada@example.com"])
        sandbox.seeds.add_organization("acme", owners=["ada"])
        sandbox.seeds.add_repository("acme/agents", {"old": b"old\n"}, author="ada")
        folder = tmp_path / "as"
        ada = sandbox.person("ada", "acme/agents")
        write_roles([ada], tmp_path / "the controller's", tmp_path / "people.yaml", folder)
        assert folder.stat().st_mode & 0o077 == 0
        environment = {"PATH": process_environment()["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["bash", "-euc", _STORY, "story", str(folder)]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        pull = json.loads((tmp_path / "agents" / "pull").read_text())
    assert (pull["user"]["login"], pull["title"], pull["head"]["ref"]) == ("ada", "New", "change")
    told = (tmp_path / "agents" / "told").read_text()
    assert told == f"{tmp_path}/the controller's {tmp_path}/people.yaml\n"
