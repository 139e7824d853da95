"""What people do in several stories: edit a manifest, publish a release, bring it to an environment."""

import re
from collections.abc import Mapping

from controller.desired_state.release import release_digest
from tests.workflow.world import World

DEVELOPMENT = "environments/development/anl.yaml"
STAGING = "environments/staging/anl.yaml"
PRODUCTION = "environments/production/anl.yaml"


def edited(manifest: bytes, **fields: object) -> bytes:
    """Return a manifest with other values of top-level fields."""
    text = manifest.decode()
    for name, value in fields.items():
        text, count = re.subn(rf"(?m)^{name}: .*$", f"{name}: {value}", text)
        assert count == 1 or name == "digest", name  # development need not pin one
    return text.encode()


def release_files(world: World) -> dict[str, bytes]:
    """Return the analyst's files on main, by path below its folder."""
    commit = world.host.objects.commits[world.host.branches["main"]]
    tree = world.host.objects.trees[commit.tree]
    return {
        path.removeprefix("agents/anl/"): world.host.objects.blobs[entry.blob]
        for path, entry in tree.items()
        if path.startswith("agents/anl/")
    }


def publish(world: World, version: str = "1.1.0") -> Mapping[str, object]:
    """Bring a new release of the analyst to main and return the fields that pin it."""
    files = release_files(world)
    files["agent.yaml"] = edited(files["agent.yaml"], version=version)
    number = world.propose("dana-dev", f"release-{version}", {"agents/anl/agent.yaml": files["agent.yaml"]})
    world.approve("omar-ops", number)
    world.merge("omar-ops", number)
    return {"version": version, "digest": release_digest(files)}


def bring(world: World, login: str, path: str, fields: Mapping[str, object], branch: str) -> str:
    """Propose an edit that needs no approval and merge it."""
    number = world.propose(login, branch, {path: edited(world.file(path), **fields)})
    assert world.conclusions(number) == ("success", "success")
    return world.merge(login, number)


def ready_for_production(world: World) -> Mapping[str, object]:
    """Publish a release and bring it to staging."""
    fields = publish(world)
    bring(world, "omar-ops", STAGING, fields, "staging")
    return fields


def as_read(markdown: str) -> str:
    """Return Markdown without what keeps it from doing anything."""
    return re.sub(r"\\(.)", r"\1", markdown).replace("`", "")
