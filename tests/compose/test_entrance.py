"""For whom a token must be made to open our doors, and what those who come have in common."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.compose.entrance import audiences_of, shared
from controller.identity.principal import PrincipalId
from controller.web.sessions import Flows, Session, Sessions
from tests.compose.test_people import settings_in


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.mark.parametrize(
    ("client", "is_id_token", "audiences"),
    [
        ("c1", False, {"c1", "api://c1"}),
        ("c1", True, {"c1"}),
        # A managed identity without an id: a token for nobody must not be for us.
        (None, False, set()),
        (None, True, set()),
    ],
)
def test_a_token_is_for_our_registration_or_not_for_us(
    client: str | None, *, is_id_token: bool, audiences: set[str]
) -> None:
    assert audiences_of(client, is_id_token=is_id_token) == audiences


def test_strangers_who_begin_many_sign_ins_end_nobody_s_session(tmp_path: Path) -> None:
    clock = Clock()
    settings = settings_in(tmp_path, "DVO_ENTRA_GITHUB_ID", DVO_DIRECTORY_FILE=str(tmp_path / "people.yaml"))
    with ExitStack() as stack:
        between = shared(settings, clock, stack)
        sessions, flows = Sessions(between.sessions, clock), Flows(between.flows)
        cookie = sessions.open(Session("dana", PrincipalId("entra:dana"), clock.at, clock.at, None))
        clock.at += timedelta(minutes=25)
        for _ in range(10_001):
            flows.begin(b"")
        assert sessions.find(cookie) is not None
