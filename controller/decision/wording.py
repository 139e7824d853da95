"""How changes, people and times are named to the reader of a check."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.decision.markdown import code, plain, table
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.manifest import Autoscaling, EnvironmentName
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import Proposal
from controller.identity.principal import Principal

_MEANING = {
    Kind.ADDED: "starts running",
    Kind.REMOVED: "stops running",
    Kind.UPGRADED: "newer version",
    Kind.DOWNGRADED: "older version",
    Kind.RESCALED: "other replicas",
    Kind.MOVED: "other platform or region",
    Kind.RECONFIGURED: "other configuration",
}


def change_table(proposal: Proposal) -> str:
    """Return every change as a table: environment, agent, from, to, what it means."""
    rows = [_deployment_row(difference) for difference in proposal.differences]
    rows += [
        [
            "governed file",
            code(file.path),
            _digest(file.before),
            _digest(file.after),
            _file_meaning(file.before, file.after),
        ]
        for file in proposal.effect.files
    ]
    return table(["Environment", "Agent", "From", "To", "What it means"], rows)


def meaning(difference: Difference) -> str:
    """Return in words what a change does to one deployment, with its versions."""
    before, after = _shown(difference.before), _shown(difference.after)
    return f"{', '.join(_MEANING[kind] for kind in difference.kinds)}, {before} → {after}"


def tier_of(proposal: Proposal, environment: EnvironmentName) -> str | None:
    """Return the tier of an environment as it would be, or was; None when nobody can say."""
    known = proposal.after.environments.get(environment) or proposal.before.environments.get(environment)
    return None if known is None else known.tier.value


def headline(proposal: Proposal) -> str:
    """Return the change in a few words: ``ANL 1.0.0 → 1.1.0 in production and 2 more``."""
    named = [_brief(difference) for difference in proposal.differences]
    named += [plain(file.path) for file in proposal.effect.files]
    if not named:
        return "nothing that is governed or runs"
    return named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1} more"


def local_time(moment: datetime, proposal: Proposal) -> str:
    """Return a moment as people of the environment read it: ``Mon 2026-11-23 09:00 Europe/Berlin``."""
    zone = _zone(proposal)
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def logins(people: Iterable[Principal]) -> str:
    """Return people by login, sorted, in code spans that notify nobody."""
    return listed([code(person.login) for person in sorted(people, key=lambda person: person.login)])


def listed(items: Sequence[str]) -> str:
    """Return `items` as a person lists them: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 reason``, ``3 reasons``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _zone(proposal: Proposal) -> str:
    zones = {
        proposal.after.environments[difference.key.environment].time_zone
        for difference in proposal.differences
        if difference.key.environment in proposal.after.environments
    }
    return zones.pop() if len(zones) == 1 else "UTC"


def _deployment_row(difference: Difference) -> list[str]:
    meaning = ", ".join(_MEANING[kind] for kind in difference.kinds)
    before, after = _shown(difference.before), _shown(difference.after)
    return [code(difference.key.environment), code(difference.key.agent), before, after, meaning]


def _shown(plan: Plan | None) -> str:
    if plan is None:
        return "absent"
    replicas = plan.replicas
    count = f"{replicas.min}–{replicas.max}" if isinstance(replicas, Autoscaling) else str(replicas)
    return f"{code(plan.manifest.version)} × {count} on {code(plan.platform.value)}"


def _brief(difference: Difference) -> str:
    before = difference.before.manifest.version if difference.before else None
    after = difference.after.manifest.version if difference.after else None
    where = f"in {difference.key.environment}"
    if before == after:
        return f"{difference.key.agent} {after} {difference.kinds[0].value} {where}"
    if after is None:
        return f"{difference.key.agent} removed {where}"
    return f"{difference.key.agent} {f'{before} → ' if before else ''}{after} {where}"


def _digest(digest: str | None) -> str:
    return "absent" if digest is None else code(digest.removeprefix("sha256:")[:12])


def _file_meaning(before: str | None, after: str | None) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
