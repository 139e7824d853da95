"""How changes, people and times are named to the reader of a check."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.decision.markdown import code, plain, table
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.effect import FileEffect
from controller.desired_state.manifest import Autoscaling, EnvironmentName
from controller.desired_state.paths import (
    AgentPath,
    EnvironmentPath,
    GovernancePath,
    ManifestPath,
    PolicyPath,
    classify,
)
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import Proposal
from controller.identity.principal import Principal

_MEANING = {
    Kind.ADDED: "starts running",
    Kind.REMOVED: "stops running",
    Kind.UPGRADED: "newer version",
    Kind.DOWNGRADED: "older version",
    Kind.RESCALED: "another number of replicas",
    Kind.MOVED: "another platform or region",
    Kind.RECONFIGURED: "another configuration",
}
_NAMED = 5


def change_table(proposal: Proposal) -> str:
    """Return every change as tables: what runs (environment, agent, from, to, what it means), and files."""
    deployments = [_deployment_row(difference) for difference in proposal.differences]
    files = [[code(file.path), _file_kind(file), _file_meaning(file)] for file in proposal.effect.files]
    tables = [
        table(["Environment", "Agent", "From", "To", "What it means"], deployments),
        table(["File", "Belongs to", "What it means"], files),
    ]
    return "\n\n".join(filter(None, tables))


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
    named += [f"{plain(file.path)} {_file_meaning(file)}" for file in proposal.effect.files]
    if not named:
        return "nothing changes that runs or is governed"
    return named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1} more"


def local_time(moment: datetime, proposal: Proposal) -> str:
    """Return a moment as people of the environment read it: ``Mon 2026-11-23 09:00 Europe/Berlin``."""
    zone = _zone(proposal)
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def spelled_time(moment: datetime, proposal: Proposal) -> str:
    """Return `local_time` with the time in UTC behind it, for those who live elsewhere."""
    zone = ZoneInfo(_zone(proposal))
    if moment.astimezone(zone).utcoffset() == timedelta():
        return local_time(moment, proposal)
    is_other_day = moment.astimezone(zone).date() != moment.astimezone(UTC).date()
    return f"{local_time(moment, proposal)} ({moment.astimezone(UTC):{'%a ' if is_other_day else ''}%H:%M} UTC)"


def role(name: str) -> str:
    """Return one who holds a role: ``a release manager``."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name.replace('_', ' ')}"


def roles(names: Iterable[str]) -> str:
    """Return one who holds any of some roles: ``an admin or a release manager``."""
    return " or ".join(role(name) for name in sorted(names))


def logins(people: Iterable[Principal]) -> str:
    """Return people by login, sorted, in code spans that notify nobody."""
    return listed([code(person.login) for person in sorted(people, key=lambda person: person.login)])


def listed(items: Sequence[str]) -> str:
    """Return `items` as a person lists them: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def some_of(items: Sequence[str]) -> str:
    """Return the first `items` as `listed` does, and how many more there are."""
    more = len(items) - _NAMED
    return listed(items) if more <= 0 else f"{', '.join(items[:_NAMED])} and {more} more"


def either(items: Sequence[str]) -> str:
    """Return the first `items` as alternatives, and how many more there are: ``a, b or c``."""
    more = len(items) - _NAMED
    first, last = (items[:_NAMED], f"{more} more") if more > 0 else (items[:-1], "".join(items[-1:]))
    return " or ".join(filter(None, [", ".join(first), last]))


def shortened(text: str, longest: int) -> str:
    """Return `text` on one line of at most `longest` characters, cut between words."""
    line = " ".join(plain(text).split())
    return line if len(line) <= longest else f"{line[: longest - 2].rpartition(' ')[0] or line[: longest - 2]} …"


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
        return "not running"
    return f"{code(plan.manifest.version)} {_count(plan)} on {code(plan.platform.value)}"


def _count(plan: Plan) -> str:
    replicas = plan.replicas
    return f"× {replicas.min}–{replicas.max}" if isinstance(replicas, Autoscaling) else f"× {replicas}"


def _brief(difference: Difference) -> str:
    agent, before, after = difference.key.agent, difference.before, difference.after
    where = f"in {difference.key.environment}"
    if after is None:
        return f"{agent} removed {where}"
    version = after.manifest.version
    if before is None:
        return f"{agent} {version} {where}"
    if before.manifest.version != version:
        return f"{agent} {before.manifest.version} → {version} {where}"
    if difference.kinds[0] is Kind.RESCALED:
        return f"{agent} {version} {_count(before)} → {_count(after)} {where}"
    return f"{agent} {version} {difference.kinds[0].value} {where}"


def _file_kind(file: FileEffect) -> str:
    match classify(file.path):
        case AgentPath(agent):
            return f"the release of {code(agent)}"
        case ManifestPath(key):
            return f"what runs as {code(str(key))}"
        case EnvironmentPath(environment):
            return f"the rules of {code(environment)}"
        case PolicyPath():
            return "what judges changes"
        case GovernancePath():
            return "who answers for what"
        case _:
            return "nothing known"


def _file_meaning(file: FileEffect) -> str:
    if file.before is None:
        return "added"
    return "removed" if file.after is None else "changed"
