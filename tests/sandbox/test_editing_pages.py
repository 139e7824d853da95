"""The pages on which a visitor changes a file, closes an issue and sees what a merge led to."""

import re
from collections.abc import Iterator
from typing import cast

import httpx
import pytest

from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Town
from tests.sandbox.test_pages import HOSTILE, Browser, Json, checked, opened

EDIT = f"/{REPOSITORY}/edit/main/{MANIFEST}"


@pytest.fixture
def browser(town: Town) -> Iterator[Browser]:
    visitor = Browser(town)
    yield visitor
    visitor.client.close()


def save(browser: Browser, page: str, content: str, **fields: str) -> httpx.Response:
    """Send the form of an edit page with another content."""
    tip = re.search(r'name="commit" value="(\w+)"', browser.see(page))
    assert tip is not None
    return browser.post(page, page, **{"commit": tip[1], "content": content, **fields})


def test_an_edit_on_main_opens_a_pull_request_of_the_visitor(town: Town, browser: Browser) -> None:
    browser.become("dana")
    assert f'href="{EDIT}">Edit</a>' in browser.see(f"/{REPOSITORY}/blob/main/{MANIFEST}")
    answer = save(browser, EDIT, "agent: ANL\r\nversion: 3\r\n", title="Third", body="because\r\nof it")
    assert answer.url.path == f"/{REPOSITORY}/pull/1"
    pull = town.person("dana").pull(1)
    head = cast(Json, pull["head"])
    assert (pull["title"], head["ref"], cast(Json, pull["user"])["login"]) == ("Third", "dana-patch-1", "dana")
    assert pull["body"] == "because\nof it"
    assert "version: 3" in browser.see(f"/{REPOSITORY}/pull/1/files")
    commit = town.api("dana").get(f"{ONE}/git/commits/{head['sha']}")
    assert cast(Json, commit["author"])["name"] == "Dana"
    assert town.settled()[-2:] == ["push", "pull_request.opened"]
    assert save(browser, EDIT, "agent: ANL\nversion: 4\n").url.path.endswith("/pull/2")
    assert cast(Json, town.person("dana").pull(2)["head"])["ref"] == "dana-patch-2"


def test_an_edit_on_the_branch_of_a_pull_request_is_another_commit_of_it(town: Town, browser: Browser) -> None:
    number = opened(town)
    browser.become("olga")
    page = f"/{REPOSITORY}/edit/feature/{MANIFEST}"
    assert f'href="{page}">Edit</a>' in browser.see(f"/{REPOSITORY}/pull/{number}/files")
    before = cast(Json, town.person("dana").pull(number)["head"])["sha"]
    assert save(browser, page, "agent: ANL\nversion: 5\n").url.path == f"/{REPOSITORY}/pull/{number}"
    assert cast(Json, town.person("dana").pull(number)["head"])["sha"] != before
    assert town.settled()[-1] == "pull_request.synchronize"


def test_an_edit_of_a_branch_without_a_pull_request_is_seen_in_its_commits(town: Town, browser: Browser) -> None:
    town.person("dana").commit("loose", {MANIFEST: b"version: 7\n"}, "Loose")
    browser.become("olga")
    page = f"/{REPOSITORY}/edit/loose/{MANIFEST}"
    assert save(browser, page, "version: 8\n").url.path == f"/{REPOSITORY}/commits/loose"


def test_an_edit_that_changes_nothing_or_comes_too_late_is_refused(town: Town, browser: Browser) -> None:
    browser.become("dana")
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", browser.see(EDIT), re.DOTALL)
    assert shown is not None
    assert save(browser, EDIT, shown[1]).status_code == 422
    assert browser.post(EDIT, EDIT, commit="0" * 40, content="x").status_code == 409


@pytest.mark.parametrize("login", ["", "rita"])
def test_who_may_not_write_cannot_edit(browser: Browser, login: str) -> None:
    browser.become(login)
    assert '<button class="go" disabled>' in browser.see(EDIT)
    assert browser.post(EDIT, EDIT, commit="0" * 40, content="x").status_code == 403


@pytest.mark.parametrize("place", [f"none/{MANIFEST}", "main/none.yaml", "main/environments"])
def test_only_a_file_of_a_branch_can_be_edited(browser: Browser, place: str) -> None:
    browser.become("dana")
    assert browser.client.get(f"/{REPOSITORY}/edit/{place}").status_code == 404


def test_a_file_is_shown_for_editing_as_text(town: Town, browser: Browser) -> None:
    hostile = f"</textarea>{HOSTILE}\n".encode()
    town.sandbox.seeds.commit(REPOSITORY, {"odd.txt": hostile}, author="dana", message="Odd")
    text = browser.see(f"/{REPOSITORY}/edit/main/odd.txt")
    assert "&lt;/textarea&gt;" in text
    assert "<script" not in text


def test_labels_are_put_on_and_taken_off_by_who_may_write(town: Town, browser: Browser) -> None:
    number = opened(town)
    page = f"/{REPOSITORY}/pull/{number}"
    browser.become("rita")
    assert "Another label" not in browser.see(page)
    assert browser.post(page, f"{page}/labels", label="urgent").status_code == 403
    browser.become("olga")
    browser.post(page, f"{page}/labels", label="  urgent ")
    assert town.settled()[-1] == "pull_request.labeled"
    assert 'aria-label="Take urgent off"' in browser.see(page)
    browser.post(page, f"{page}/labels", off="urgent")
    assert town.settled()[-1] == "pull_request.unlabeled"
    before = len(town.settled())
    browser.post(page, f"{page}/labels", label=" ")
    assert len(town.settled()) == before


def test_issues_are_listed_and_closed_by_who_may(town: Town, browser: Browser) -> None:
    opened(town)
    issue = cast(Json, town.api("dana").wanted(201, "POST", f"{ONE}/issues", {"title": HOSTILE, "body": "why"}))
    page = f"/{REPOSITORY}/issues/{issue['number']}"
    listed = browser.see(f"/{REPOSITORY}/issues")
    assert f'href="{page}"' in listed
    assert "Move on" not in listed, "a pull request is on its own list"
    assert "<script" not in listed
    browser.become("rita")
    assert "Close the issue" not in browser.see(page)
    assert browser.post(page, f"{page}/state", state="closed").status_code == 403
    browser.become("olga")
    browser.post(page, f"{page}/state", state="closed")
    assert town.api("dana").get(f"{ONE}/issues/{issue['number']}")["state"] == "closed"
    assert "closed by <b>olga</b>" in browser.see(page)
    browser.post(page, f"{page}/state", state="open")
    assert town.api("dana").get(f"{ONE}/issues/{issue['number']}")["state"] == "open"
    assert browser.post(page, f"/{REPOSITORY}/issues/1/state", state="closed").status_code == 404


def test_a_merged_pull_request_shows_what_became_of_its_merge(town: Town, browser: Browser) -> None:
    number = opened(town)
    merge = town.person("olga").merge(number)
    output = {"title": "production/ANL completed: it is out", "summary": "**It is out.**"}
    body = {"name": "dvo/deploy", "head_sha": merge, "conclusion": "success", "output": output}
    town.installation().wanted(201, "POST", f"{ONE}/check-runs", body)
    text = browser.see(f"/{REPOSITORY}/pull/{number}")
    assert text.index("production/ANL completed: it is out") > text.index("merged this as")


def test_a_check_that_waits_for_somebody_does_not_look_refused(town: Town, browser: Browser) -> None:
    checked(town, opened(town))
    assert '<span class="icon bad" title="failure">' in browser.see(f"/{REPOSITORY}")
    number = town.person("dana").open_pull_request("second", {MANIFEST: b"version: 9\n"}, "Second")
    head = cast(Json, town.person("dana").pull(number)["head"])["sha"]
    body = {"name": "dvo/approval", "head_sha": head, "conclusion": "action_required"}
    town.installation().wanted(201, "POST", f"{ONE}/check-runs", body)
    assert '<span class="icon wait" title="action required">!</span>' in browser.see(f"/{REPOSITORY}")
