"""The sandbox as a process: `python -m controller.sandbox FOLDER SEEDS [--port N]`.

SEEDS is a JSON file: `organization`, `owners`, `people` (login, github_id, emails, name), `teams` (slug, members,
parent), `repository` (name, folder), `grants` (permission with person or team), `app` (slug, webhook_url,
webhook_secret). One JSON line on standard output says where the sandbox is, with the tokens, the App's credentials and
the control token; it runs until it is interrupted.
"""

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from controller.sandbox.sandbox import Sandbox, folder_content
from controller.sandbox.seeding import AppSeed

_Part = Mapping[str, str]


def main(arguments: Sequence[str]) -> int:
    """Run a sandbox until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m controller.sandbox", description="Run a small GitHub.")
    parser.add_argument("folder", type=Path, help="where the repositories are kept; must be empty or missing")
    parser.add_argument("seeds", type=Path, help="JSON file with the first content")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one unless given")
    given = parser.parse_args(arguments)
    seeds = json.loads(given.seeds.read_bytes())
    sandbox = Sandbox(given.folder, port=given.port)
    told = plant(sandbox, seeds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sandbox.start()
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    try:
        sandbox.wait()
    except KeyboardInterrupt:
        sandbox.stop()
    return 0


def plant(sandbox: Sandbox, content: Mapping[str, object]) -> dict[str, object]:
    """Seed a sandbox from parsed JSON and return what its users need to know."""
    seeds, organization = sandbox.seeds, str(content["organization"])
    repository = cast(_Part, content["repository"])
    full_name = f"{organization}/{repository['name']}"
    tokens = {}
    for person in cast(list[Mapping[str, object]], content["people"]):
        login = str(person["login"])
        tokens[login] = seeds.add_person(
            login,
            github_id=cast(int, person["github_id"]),
            emails=cast(list[str], person["emails"]),
            name=cast(str | None, person.get("name")),
        )
    seeds.add_organization(organization, owners=cast(list[str], content.get("owners", [])))
    for team in cast(list[Mapping[str, object]], content.get("teams", [])):
        members, parent = cast(list[str], team.get("members", [])), cast(str | None, team.get("parent"))
        seeds.add_team(organization, str(team["slug"]), members=members, parent=parent)
    seeds.add_repository(full_name, folder_content(Path(repository["folder"])))
    for grant in cast(list[_Part], content.get("grants", [])):
        seeds.grant(full_name, grant["permission"], person=grant.get("person", ""), team=grant.get("team", ""))
    wanted = cast(_Part, content["app"])
    seed = AppSeed(wanted["slug"], organization, wanted.get("webhook_url"))
    if "webhook_secret" in wanted:
        seed = replace(seed, webhook_secret=wanted["webhook_secret"])
    app = seeds.add_app(seed)
    return {
        "url": sandbox.url,
        "api_url": sandbox.api_url,
        "repository": full_name,
        "tokens": tokens,
        "app": asdict(app),
        "control_token": sandbox.control_token,
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
