"""How long it takes to know who owns each of 10,000 paths by a CODEOWNERS file of 5,000 lines.

The file mixes what such files hold (directories, names, endings, wildcards, `**`) in fixed
proportions, so every run reads the same. Parsing and matching are timed together, in seconds of
processor time: one thread computes and waits for nothing, and what else runs does not count.
"""

import random
import statistics
import time
from collections.abc import Iterator

from benchmarks.figure import Figure
from controller.change.names import RepoPath
from controller.ownership.codeowners import LOCATIONS, owners_of, parse_codeowners

_LINES = 5_000
_PATHS = 10_000
_ROUNDS = 5
_SEED = 7
_FOLDERS = [f"team{number}" for number in range(60)]
_NAMES = [f"part{number}" for number in range(400)]
_ENDINGS = ["yaml", "md", "rego", "py", "json", "tf"]


def figures() -> Iterator[Figure]:
    """Measure, and yield the median and how it divides."""
    content, paths = _file(), _paths()
    parsing, matching = [], []
    for _ in range(_ROUNDS):
        started = time.process_time()
        codeowners = parse_codeowners(LOCATIONS[0], content)
        parsed = time.process_time()
        owned = sum(bool(owners_of(codeowners, path).owners) for path in paths)
        parsing.append(parsed - started)
        matching.append(time.process_time() - parsed)
    whole = statistics.median(map(sum, zip(parsing, matching, strict=True)))
    size = f"CODEOWNERS, {_LINES:,} lines against {_PATHS:,} paths, processor time"
    yield Figure(f"{size}, median", whole, "s", 1)
    yield Figure("of that, parsing", statistics.median(parsing), "s")
    yield Figure("of these paths, with an owner", 100 * owned / _PATHS, "%")


def _file() -> bytes:
    pick = random.Random(_SEED)  # noqa: S311 - the same file every time
    lines = [f"{_pattern(pick, number)} @acme/{pick.choice(_FOLDERS)} @person{number % 97}" for number in range(_LINES)]
    return "\n".join(lines).encode()


def _pattern(pick: random.Random, number: int) -> str:
    folder, name, ending = pick.choice(_FOLDERS), pick.choice(_NAMES), pick.choice(_ENDINGS)
    forms = (
        f"/{folder}/{name}/",
        f"/{folder}/{name}/file{number % 20}.{ending}",
        f"/{folder}/**/{name}.{ending}",
        f"{name}/{folder}",
        f"{folder}/*/{name}/*",
        f"**/{name}/**/*.{ending}",
        f"{name}-{number}.{ending}",
        f"*-{number}.{ending}",
    )
    return forms[number % len(forms)]


def _paths() -> list[RepoPath]:
    pick = random.Random(_SEED + 1)  # noqa: S311 - the same paths every time
    return [
        RepoPath(
            f"{pick.choice(_FOLDERS)}/{pick.choice(_NAMES)}/{pick.choice(_NAMES)}"
            f"/file{pick.randrange(20)}-{number}.{pick.choice(_ENDINGS)}"
        )
        for number in range(_PATHS)
    ]
