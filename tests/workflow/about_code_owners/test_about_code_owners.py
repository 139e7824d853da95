"""GitHub's page "About code owners", sentence by sentence: what we do about it, and that we do.

The page is content/repositories/managing-your-repositorys-settings-and-features/
customizing-your-repository/about-code-owners.md of github/docs. Each row tells one of its sentences in our words;
sentences that only lead to other pages are left out. Where GitHub is silent, or would let through what
an owner should see, we are stricter, and the row says so.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.adapters.opa.servers import OpaServers
from tests.fakes.code_host import FakeCodeHost
from tests.workflow.about_code_owners import access, example, place, syntax
from tests.workflow.about_code_owners.row import FILE, NewWorld, Row
from tests.workflow.world import World, project_content

TABLE = (*access.ROWS, *place.ROWS, *syntax.ROWS, *example.ROWS)


@pytest.fixture
def new(engine: OpaServers, pool: ThreadPoolExecutor) -> NewWorld:
    """Return what makes worlds whose controller has seen main once."""

    def make(codeowners: str | None = None, *, at: str = FILE) -> World:
        content = project_content()
        if codeowners is not None:
            content = {path: held for path, held in content.items() if path != FILE} | {at: codeowners}
        made = World(engine, pool, FakeCodeHost(content))
        made.look("main")
        return made

    return make


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.section}: {row.says}")
def test_every_sentence_is_answered(new: NewWorld, row: Row) -> None:
    """ATTACKS 022."""
    row.shows(new)


def test_no_sentence_is_told_twice() -> None:
    told = [(row.section, row.says) for row in TABLE]
    assert len(set(told)) == len(told)
