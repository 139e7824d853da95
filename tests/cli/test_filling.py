"""`dvo doctor --fill`: ids from a real GitHub API, written into the file, or nothing at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.sandbox.sandbox import Sandbox
from controller.sandbox.seeding import AppSeed
from tests.app_key import app_key
from tests.cli.conftest import Dvo

REPOSITORY = "acme/agents"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox.running(tmp_path / "sandbox") as running:
        running.seeds.add_person("ada", github_id=1001, emails=["ada@example.com"])
        running.seeds.add_person("Otto", github_id=1003, emails=["otto@example.com"])
        running.seeds.add_organization("acme", owners=["ada"])
        running.seeds.add_repository(REPOSITORY, {"README.md": b"# Agents"}, author="ada")
        yield running


@pytest.fixture
def settings(sandbox: Sandbox, server: dict[str, str]) -> dict[str, str]:
    app = sandbox.seeds.add_app(AppSeed("dvo", "acme", private_key=app_key()))
    Path(server["GITHUB_APP_PRIVATE_KEY_FILE"]).write_text(app.private_key)
    return server | {"GITHUB_API_URL": sandbox.api_url, "GITHUB_APP_ID": str(app.app_id)}


def filling(dvo: Dvo, settings: dict[str, str]) -> dict[str, object]:
    checks = json.loads(dvo("doctor", "--fill", "--json", more=settings).out)["checks"]
    (found,) = [check for check in checks if check["name"] == "fill"]
    return dict(found)


def test_missing_ids_are_written_and_shown_to_be_looked_at(dvo: Dvo, settings: dict[str, str], home: Path) -> None:
    file = home / "people.yaml"
    file.write_text("people:\n  # owner\n  - {login: ada, emails: [a@b.c]}\n  - login: otto\n    emails: [o@b.c]\n")
    file.chmod(0o640)
    found = filling(dvo, settings)
    assert found["code"] == 0
    assert "ada is 1001, otto is 1003" in str(found["said"])
    assert "look whether these are the people you mean" in str(found["advice"])
    assert file.read_text() == (
        "people:\n  # owner\n  - {login: ada, github_id: 1001, emails: [a@b.c]}\n"
        "  - login: otto\n    github_id: 1003\n    emails: [o@b.c]\n"
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert "everyone with a login has a numeric id" in str(filling(dvo, settings)["said"])


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("  - {login: ada, emails: [a@b.c]}\n  - {login: nobody, emails: [n@b.c]}\n", "people.yaml:3: GitHub knows no"),
        ("  - {login: acme, emails: [a@b.c]}\n", "people.yaml:2: GitHub knows no person and no bot called 'acme'"),
        ("  - {login: ada, emails: [a@b.c], age: 7}\n", "unknown key"),
        ("  - {login: ada, emails: [a@b.c]}\n  - {login: x, github_id: 1001, emails: [x@b.c]}\n", "the same github_id"),
        ("  - [\n", "before this is mended"),
    ],
)
def test_what_would_name_nobody_is_not_written(
    dvo: Dvo, settings: dict[str, str], home: Path, people: str, said: str
) -> None:
    file = home / "people.yaml"
    file.write_text(f"people:\n{people}")
    found = filling(dvo, settings)
    assert found["code"] == 2
    assert said in str(found["said"])
    assert file.read_text() == f"people:\n{people}"
    assert [place.name for place in home.iterdir() if place.name.startswith(".people")] == []


def test_a_github_that_does_not_answer_leaves_the_file_alone(dvo: Dvo, server: dict[str, str], home: Path) -> None:
    file = home / "people.yaml"
    file.write_text("people:\n  - {login: ada, emails: [a@b.c]}\n")
    assert filling(dvo, server)["code"] == 3
    assert "github_id" not in file.read_text()
