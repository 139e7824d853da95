"""A main that the code host itself rewrites.

The other GitHub (npm `emulate`) merges onto the main that a pull request was opened on: what
main gained since is gone from it. No main of ours may go back, so everything stops until it
is what it was.
"""

from pathlib import Path

from controller.cli.demo.stage import health
from tests.end_to_end.edits import edited
from tests.end_to_end.emulate.elsewhere import Elsewhere, elsewhere
from tests.end_to_end.waiting import until

_ANL, _GHA, _ORC = (f"environments/development/{agent}.yaml" for agent in ("anl", "gha", "orc"))


def test_a_main_that_is_rewritten_stops_every_deployment_until_it_is_itself_again(tmp_path: Path) -> None:
    with elsewhere(tmp_path) as alone:
        late, early = _rescaled(alone, _ANL, 2), _rescaled(alone, _GHA, 2)
        sound = alone.merge("dana-dev", early)
        endpoint = alone.deployed(sound)
        running = health(endpoint)

        rewriting = alone.merge("dana-dev", late)
        until(lambda: alone.main().get("kind") == "rewritten", "the controller to see that main was rewritten")
        assert alone.main() == {
            "kind": "rewritten",
            "sound": False,
            "tip": sound,
            "found": rewriting,
            "position": 1,
        }
        onto = alone.merge("dana-dev", _rescaled(alone, _ORC, 2))
        _rescaled(alone, _ORC, 3)  # judged after main was looked at: what is marked first is looked at first

        alone.move_main(sound, force=True)
        until(lambda: alone.main().get("sound"), "the controller to see that main is itself again")
        assert health(endpoint) == running
        again = alone.merge("dana-dev", _rescaled(alone, _GHA, 3))
        assert health(alone.deployed(again)) != running
        assert alone.events(f"merge/{rewriting}", f"merge/{onto}", "development/ANL", "development/ORC") == []
        alone.assert_ledger_holds()


def _rescaled(alone: Elsewhere, path: str, replicas: int) -> int:
    """Propose another number of replicas and wait until that is admitted."""
    number = alone.propose("dana-dev", {path: edited(alone.file(path), replicas=replicas)}, f"{replicas} replicas")
    alone.green(number)
    return number
