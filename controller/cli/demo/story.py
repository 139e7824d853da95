"""The story: one agent from a new release to production, and what does not get through.

Seven chapters, each told as it happens: a developer in development, the same developer at
production's door, an operator through staging, an approval that a push voids, a weekend, a
push past everybody, and an auditor. Everything is done by people through the code host.
"""

from datetime import datetime, timedelta
from textwrap import shorten
from zoneinfo import ZoneInfo

import httpx

from controller.cli.demo.auditing import fault_of_flipped_copy, verified
from controller.cli.demo.edits import new_release, with_release, with_replicas
from controller.cli.demo.stage import Stage, ask_agent, health
from controller.cli.demo.telling import Teller
from controller.errors import ControllerError

_ZONE = ZoneInfo("Europe/Berlin")
_TUESDAY = datetime(2027, 3, 9, 10, 0, tzinfo=_ZONE)
_SATURDAY = datetime(2027, 3, 13, 11, 0, tzinfo=_ZONE)
_MONDAY = datetime(2027, 3, 15, 9, 0, tzinfo=_ZONE) + timedelta(seconds=5)
_FOLDER = "agents/anl/"
_SHORT = 12
_QUESTION = "Is our spending on pace when half of the flight is over?"


class StoryError(ControllerError):
    """Something in the story did not happen as it must."""

    advice = "The demo is also a test: this is a fault of the controller, please report it with the output above."


class Story:
    """Plays the chapters on a stage and tells them."""

    def __init__(self, stage: Stage, teller: Teller) -> None:
        """Play on `stage`, told by `teller`."""
        self._stage = stage
        self._world = stage.world
        self._tell = teller
        self._files: dict[str, bytes] = {}
        self._production = ""
        self._now = _MONDAY + timedelta(minutes=5)

    def play(self) -> None:
        """Play the whole story. Raises `StoryError` or `UnavailableError` when it takes another course."""
        self._world.move_clock(_TUESDAY)
        self._publish()
        self._development()
        self._refused_at_production()
        self._staging()
        self._production_with_approval()
        self._weekend()
        self._direct_push()
        self._audit()

    def _publish(self) -> None:
        self._tell.chapter("Before we begin: a new release of the analyst, ANL 1.1.0")
        before = {path: self._stage.file(_FOLDER + path) for path in self._stage.listing(_FOLDER)}
        self._files = new_release(before)
        changed = {_FOLDER + path: content for path, content in self._files.items() if before.get(path) != content}
        number = self._propose("dana-dev", "anl-1.1.0", changed, "ANL learns budget pacing")
        self._show(number, "dvo/approval", "action_required")
        self._approve("omar-ops", number)
        self._show(number, "dvo/approval", "success")
        merge = self._merge("omar-ops", number)
        self._stage.check(merge, "dvo/deploy", "success")
        self._tell.result("ANL 1.1.0 is published: its digest is in the ledger and can never change.")

    def _development(self) -> None:
        self._tell.chapter("1. A developer moves ANL to 1.1.0 in development")
        path = "environments/development/anl.yaml"
        files = {path: with_release(self._stage.file(path), "1.1.0", self._files)}
        number = self._propose("dana-dev", "anl-dev", files, "ANL 1.1.0 to development")
        self._show(number, "dvo/policy", "success")
        self._show(number, "dvo/approval", "success")
        endpoint = self._deployed(self._merge("dana-dev", number))
        reply = ask_agent(endpoint, _QUESTION)
        self._tell.say(f"dana-dev asks it: {_QUESTION}")
        said = shorten(str(reply["answer"]), 160, placeholder=" …")
        self._tell.result(f"ANL answers ({reply['capability']}): {said}")

    def _refused_at_production(self) -> None:
        self._tell.chapter("2. The same developer tries production")
        path = "environments/production/anl.yaml"
        files = {path: with_release(self._stage.file(path), "1.1.0", self._files)}
        number = self._propose("dana-dev", "anl-prod-dana", files, "ANL 1.1.0 to production, please")
        check = self._show(number, "dvo/policy", "failure", in_full=True)
        self._tell.say("The line in the pull request carries:")
        for note in self._stage.annotations(check):
            self._tell.note(note)
        self._world.person("dana-dev").call("PATCH", f"/pulls/{number}", {"state": "closed"})

    def _staging(self) -> None:
        self._tell.chapter("3. An operator promotes ANL 1.1.0 to staging")
        path = "environments/staging/anl.yaml"
        files = {path: with_release(self._stage.file(path), "1.1.0", self._files)}
        number = self._propose("omar-ops", "anl-staging", files, "ANL 1.1.0 to staging")
        self._show(number, "dvo/policy", "success")
        self._show(number, "dvo/approval", "success")
        endpoint = self._deployed(self._merge("omar-ops", number))
        self._tell.result(f"Healthy in staging as {_instance(endpoint)}: the evidence that production asks for.")

    def _production_with_approval(self) -> None:
        self._tell.chapter("4. The operator proposes production, and an owner approves exactly that")
        path = "environments/production/anl.yaml"
        first = with_release(self._stage.file(path), "1.1.0", self._files)
        number = self._propose("omar-ops", "anl-prod", {path: first}, "ANL 1.1.0 to production")
        self._show(number, "dvo/policy", "success")
        self._show(number, "dvo/approval", "action_required", in_full=True)
        self._own_approval(number)
        self._approve("rita-release", number)
        self._show(number, "dvo/approval", "success")
        self._tell.say(
            "omar-ops pushes again: three replicas instead of one. What was approved is not what would run now."
        )
        self._world.person("omar-ops").commit("anl-prod", {path: with_replicas(first, 3)}, "Three replicas")
        self._show(number, "dvo/approval", "action_required", in_full=True)
        self._approve("rita-release", number)
        self._show(number, "dvo/approval", "success")
        self._production = self._deployed(self._merge("omar-ops", number))

    def _weekend(self) -> None:
        self._tell.chapter("5. On a Saturday")
        self._world.move_clock(_SATURDAY)
        self._tell.say(f"The clock stands on {_SATURDAY:%A %H:%M}.")
        path = "environments/production/anl.yaml"
        files = {path: with_replicas(self._stage.file(path), 4)}
        number = self._propose("omar-ops", "anl-prod-weekend", files, "Four replicas for the campaign")
        self._show(number, "dvo/policy", "success", says="held until Mon")
        self._approve("rita-release", number)
        self._show(number, "dvo/approval", "success")
        merge = self._merge("omar-ops", number)
        self._tell.check(self._stage.check(merge, "dvo/deploy", None, "held"))
        self._tell.result(f"Merged and held; instance {_instance(self._production)} runs on as it was.")
        self._world.move_clock(_MONDAY)
        self._tell.say(f"The clock moves on to {_MONDAY:%A %H:%M}.")
        self._production = self._deployed(merge)

    def _direct_push(self) -> None:
        self._tell.chapter("6. An administrator pushes straight to main")
        before = health(self._production)
        path = "environments/production/anl.yaml"
        pushed = self._world.person("ada-admin").commit(
            "main", {path: with_replicas(self._stage.file(path), 9)}, "Quick fix"
        )
        self._tell.say("GitHub can tell of a merge later than of its commit, so DVO asks again for half a minute.")
        with self._tell.waiting("the controller to be certain (the clock runs fast)"):
            check = self._stage.until(lambda: self._refusal_of(pushed), "the direct push to be refused")
        self._tell.check(check)
        after = health(self._production)
        if (before["instance"], before["bundle"]) != (after["instance"], after["bundle"]):
            raise StoryError(f"expected {before} to run on after a direct push, got {after}")
        self._tell.result(f"What runs stays as it was: instance {_instance(self._production)}.")
        with self._tell.waiting("the proposal to put it back"):
            restoring = self._stage.until(self._stage.proposed_by_machine, "a pull request of the controller's own")
        self._tell.say(f"DVO itself opens pull request #{restoring}, which puts back what was admitted.")
        self._show(restoring, "dvo/approval", "action_required")

    def _refusal_of(self, commit: str) -> dict[str, object] | None:
        """Let a second of the story pass, and return the refusal of `commit` once it is there."""
        self._now += timedelta(seconds=1)
        self._world.move_clock(self._now)
        return self._stage.seen(commit, "dvo/deploy", "failure", "refused")

    def _audit(self) -> None:
        self._tell.chapter("7. The auditor")
        entries = verified(self._world)
        self._tell.result(f"`dvo audit verify`: all {entries} entries hold: chain, order and signatures.")
        self._tell.result(f"One byte flipped in a copy is found: {fault_of_flipped_copy(self._world)}")

    def _propose(self, login: str, branch: str, files: dict[str, bytes], title: str) -> int:
        number = self._world.person(login).open_pull_request(branch, files, title)
        self._tell.say(f"{login} opens pull request #{number}: {title}")
        return number

    def _show(
        self, number: int, name: str, conclusion: str, *, says: str = "", in_full: bool = False
    ) -> dict[str, object]:
        with self._tell.waiting(f"{name} of #{number}"):
            check = self._stage.check(self._stage.head(number), name, conclusion, says)
        self._tell.check(check, in_full=in_full)
        return check

    def _approve(self, login: str, number: int) -> None:
        self._world.person(login).approve(number)
        self._tell.say(f"{login} approves #{number}")

    def _own_approval(self, number: int) -> None:
        try:
            self._world.person("omar-ops").approve(number)
        except httpx.HTTPStatusError as error:
            self._tell.say(f"omar-ops tries to approve it himself: {_words(error)}")
            return
        raise StoryError("expected nobody to be able to approve their own pull request, but omar-ops could")

    def _merge(self, login: str, number: int) -> str:
        head = self._stage.head(number)
        # The two are written side by side, and a chapter that tells of one has seen that one only.
        for name in ("dvo/policy", "dvo/approval"):
            self._stage.check(head, name, "success")
        merge = self._world.person(login).merge(number, sha=head)
        self._tell.say(f"{login} merges #{number}")
        return merge

    def _deployed(self, merge: str) -> str:
        with self._tell.waiting("the roll-out"):
            check = self._stage.check(merge, "dvo/deploy", "success", "completed")
        self._tell.check(check)
        return self._stage.endpoint(check)


def _instance(endpoint: str) -> str:
    return str(health(endpoint)["instance"])[:_SHORT]


def _words(error: httpx.HTTPStatusError) -> str:
    answer = error.response.json()
    return "; ".join(map(str, answer.get("errors") or [answer["message"]]))
