"""A controller that deploys and is killed with SIGKILL at a named point: `<home> <event> <fragment> <skip>`.

The point is an audit event of Python (PEP 578) whose arguments hold the fragment; `skip`
tells how many of them to let pass. Nothing in the deployer knows of it.
"""

import os
import signal
import sys
from pathlib import Path

from controller.adapters.process.deployer import ProcessDeployer
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from tests.adapters.process.sample_bundle import quick_bundle
from tests.contracts.deployer import deploy, intent


def main(home: Path, event: str, fragment: str, skip: int) -> None:
    """Deploy a second bundle, and die on the way."""
    bundle = quick_bundle("two")
    left = skip

    def die(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if name == event and fragment in str(arguments):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(die)
    key = Key(EnvironmentName("development"), AgentCode("ANL"))
    deploy(ProcessDeployer(home), intent(key, bundle, "second"), bundle)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
