"""Bundles that say they were made for the plan of the contract: a real agent, and a quick one."""

from controller.caat.bundle import Bundle
from controller.caat.translation import translate
from controller.desired_state.manifest import Platform
from tests.contracts.deployer import PLAN
from tests.samples.content import plan_for, release_files

# Starts in a tenth of the time of a real agent; to the deployer it is one.
_QUICK = f"""\
import http.server, json, socket, sys

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
health = {{"status": "healthy", "plan": "{PLAN}", "bundle": options["--bundle"], "instance": options["--instance"]}}


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(health).encode())

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("", 0), Health, bind_and_activate=False)
server.socket = socket.socket(fileno=int(options["--fd"]))
server.server_activate()
server.serve_forever()
"""


def quick_bundle(note: str) -> Bundle:
    """Return a bundle that only tells its health; `note` tells it from others."""
    parts = {f"part/{number}.txt": f"{note} {number}".encode() for number in range(5)}
    return Bundle(Platform.FASTAPI, {"__main__.py": _QUICK.encode(), **parts})


def agent_bundle() -> Bundle:
    """Return the bundle of a sample agent."""
    files = release_files("anl")
    plan = plan_for(files)
    bundle = translate(plan, files)
    agent = bundle.files["agent.json"].replace(plan.digest.encode(), PLAN.encode())
    return Bundle(bundle.platform, {**bundle.files, "agent.json": agent})
