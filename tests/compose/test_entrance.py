"""For whom a token must be made to open our doors."""

import pytest

from controller.compose.entrance import audiences_of


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
