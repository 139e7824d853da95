"""A real bundle for the contract of deployers."""

from controller.caat.bundle import Bundle
from controller.caat.translation import translate
from tests.contracts.deployer import PLAN
from tests.samples.content import plan_for, release_files


def sample_bundle(note: bytes) -> Bundle:
    """Return the bundle of a sample agent that says it was made for the plan of the contract."""
    files = release_files("anl")
    plan = plan_for(files)
    bundle = translate(plan, files)
    agent = bundle.files["agent.json"].replace(plan.digest.encode(), PLAN.encode())
    return Bundle(bundle.platform, {**bundle.files, "agent.json": agent, "note.txt": note})
