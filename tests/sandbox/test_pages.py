"""The pages: they show, act by the same rules, escape everything and let nothing run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import httpx
import pytest

from controller.sandbox.pages.rendering import markdown
from controller.sandbox.records import Protection
from tests.sandbox.conftest import MANIFEST, ONE, REPOSITORY, Town

Json = dict[str, object]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'


EXPLAIN = {"label": "Explain", "description": "Say it at length", "identifier": "explain"}


class Browser:
    """A visitor with cookies, who posts the forms of the page they see."""

    def __init__(self, town: Town) -> None:
        self.client = httpx.Client(base_url=town.sandbox.url, trust_env=False, follow_redirects=True)

    def see(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    def become(self, login: str) -> None:
        self.post("/", "/-/person", login=login, back=f"/{REPOSITORY}")

    def post(self, seen: str, address: str, **fields: str) -> httpx.Response:
        found = re.search(r'name="form_token" value="(\w+)"', self.see(seen))
        assert found is not None
        return self.client.post(address, data={"form_token": found[1], **fields})


@pytest.fixture
def browser(town: Town) -> Iterator[Browser]:
    visitor = Browser(town)
    yield visitor
    visitor.client.close()


def opened(town: Town, title: str = "Move on", body: str = "why") -> int:
    return town.person("dana").open_pull_request("feature", {MANIFEST: b"agent: ANL\nversion: 2\n"}, title, body)


def checked(town: Town, number: int, *, actions: Sequence[Mapping[str, str]] = (), **output: object) -> Json:
    app = town.installation()
    head = cast(Json, app.get(f"{ONE}/pulls/{number}")["head"])["sha"]
    remark = {"path": MANIFEST, "start_line": 2, "end_line": 2, "annotation_level": "failure", "message": "too new"}
    shown = {"title": "Refused", "summary": "**because**", "annotations": [remark], **output}
    body = {"name": "dvo/policy", "head_sha": head, "conclusion": "failure", "output": shown, "actions": list(actions)}
    return cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", body))


def test_every_page_shows_a_hostile_title_as_text(town: Town, browser: Browser) -> None:
    number = opened(town, HOSTILE, HOSTILE)
    town.person("olga").review(number, "COMMENT", HOSTILE)
    town.person("dana").comment(number, HOSTILE)
    remark = {"path": MANIFEST, "start_line": 2, "end_line": 2, "annotation_level": "failure", "message": HOSTILE}
    run = checked(town, number, title=HOSTILE, summary=HOSTILE, text=HOSTILE, annotations=[remark])
    head = run["head_sha"]
    issue = cast(Json, town.api("dana").wanted(201, "POST", f"{ONE}/issues", {"title": HOSTILE, "body": HOSTILE}))
    town.api("dana").wanted(200, "POST", f"{ONE}/issues/{number}/labels", {"labels": [HOSTILE]})
    paths = [
        "",
        f"/pull/{number}",
        f"/pull/{number}/files",
        f"/runs/{run['id']}",
        f"/commit/{head}",
        "/commits/feature",
        f"/issues/{issue['number']}",
    ]
    for path in paths:
        text = browser.see(f"/{REPOSITORY}{path}")
        assert "<script" not in text, path
        assert "<img" not in text, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text, path
        assert "{{ 7*7 }}" in text, path


def test_file_names_and_content_are_escaped(town: Town, browser: Browser) -> None:
    name = "<b>x&y?#.txt"
    town.sandbox.seeds.commit(REPOSITORY, {f"dir/{name}": b"<script>1</script>\n"}, author="dana", message="Odd")
    listing = browser.see(f"/{REPOSITORY}/tree/main/dir")
    found = re.search(r'href="([^"]+x%26y[^"]+)"', listing)
    assert found is not None
    assert "<b>x" not in listing
    assert "&lt;script&gt;1&lt;/script&gt;" in browser.see(found[1])


def test_nothing_may_run_and_nobody_may_frame(browser: Browser) -> None:
    policy = browser.client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("<script>x</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("![x](http://elsewhere.example/x.png)", "<img"),
        ("<!-- mark -->seen", "mark"),
        ("`<b>`", "<b>"),
    ],
)
def test_markdown_renders_nothing_dangerous(text: str, absent: str) -> None:
    assert absent not in str(markdown(text))


def test_annotations_stand_at_their_lines(town: Town, browser: Browser) -> None:
    number = opened(town)
    checked(town, number)
    text = browser.see(f"/{REPOSITORY}/pull/{number}/files")
    row = text.index("version: 2")
    assert text.index("too new") > row
    assert text.count("too new") == 1


def test_remarks_outside_the_patch_are_shown_too(town: Town, browser: Browser) -> None:
    number = opened(town)
    away = {"start_line": 90, "end_line": 90, "annotation_level": "notice"}
    remarks = [
        {**away, "path": MANIFEST, "message": "far below"},
        {**away, "path": "README.md", "message": "not changed"},
    ]
    checked(town, number, annotations=remarks)
    text = browser.see(f"/{REPOSITORY}/pull/{number}/files")
    assert "far below" in text
    assert "Remarks on files that did not change" in text


def test_a_person_approves_and_merges_on_the_pages(town: Town, browser: Browser) -> None:
    number = opened(town)
    page = f"/{REPOSITORY}/pull/{number}"
    browser.become("olga")
    assert browser.post(page, f"{page}/review", event="APPROVE", body="good").status_code == 200
    assert "approved these changes" in browser.see(page)
    sha = str(cast(Json, town.person("olga").pull(number)["head"])["sha"])
    assert browser.post(page, f"{page}/merge", method="squash", sha=sha).status_code == 200
    assert "merged this as" in browser.see(page)
    assert town.settled()[-2:] == ["pull_request.closed", "push"]
    assert "Move on" in browser.see(f"/{REPOSITORY}?state=closed")


def test_comments_closing_and_reopening(town: Town, browser: Browser) -> None:
    number = opened(town)
    page = f"/{REPOSITORY}/pull/{number}"
    browser.become("dana")
    browser.post(page, f"{page}/comment", body="one *word*")
    assert "one <em>word</em>" in browser.see(page)
    browser.post(page, f"{page}/state", state="closed")
    assert town.person("dana").pull(number)["state"] == "closed"
    browser.post(page, f"{page}/state", state="open")
    assert town.person("dana").pull(number)["state"] == "open"


def test_the_rules_hold_on_the_pages_too(town: Town, browser: Browser) -> None:
    number = opened(town)
    page = f"/{REPOSITORY}/pull/{number}"
    assert browser.post(page, f"{page}/merge", method="merge").status_code == 403, "nobody yet"
    browser.become("dana")
    assert browser.post(page, f"{page}/review", event="APPROVE").status_code == 422, "the author"
    browser.become("rita")
    assert browser.post(page, f"{page}/merge", method="merge").status_code == 403, "a reader"
    browser.become("sam")
    assert browser.client.get(page).status_code == 404, "a stranger"


def test_a_head_that_moved_since_the_page_was_made_is_not_merged(town: Town, browser: Browser) -> None:
    """ATTACKS 071."""
    number = opened(town)
    page = f"/{REPOSITORY}/pull/{number}"
    browser.become("olga")
    seen = str(cast(Json, town.person("olga").pull(number)["head"])["sha"])
    town.person("dana").commit("feature", {"README.md": b"more\n"}, "More")
    assert browser.post(page, f"{page}/merge", method="merge", sha=seen).status_code == 409


def test_the_merge_button_says_why_not(town: Town, browser: Browser) -> None:
    town.sandbox.seeds.protect(REPOSITORY, Protection(approving_reviews=1))
    page = f"/{REPOSITORY}/pull/{opened(town)}"
    browser.become("olga")
    text = browser.see(page)
    assert "At least 1 approving review is required" in text
    assert re.search(r'<button class="go" disabled>Merge pull request', text)
    browser.become("ada")
    assert "Merge without waiting for requirements" in browser.see(page)


def test_a_form_without_the_visitors_token_is_refused(town: Town, browser: Browser) -> None:
    page = f"/{REPOSITORY}/pull/{opened(town)}"
    browser.become("olga")
    for token in ({}, {"form_token": "0" * 64}):
        assert browser.client.post(f"{page}/review", data={**token, "event": "APPROVE"}).status_code == 403
    other = Browser(town)
    stolen = re.search(r'name="form_token" value="(\w+)"', other.see(page))
    other.client.close()
    assert stolen is not None
    data = {"form_token": stolen[1], "event": "APPROVE"}
    assert browser.client.post(f"{page}/review", data=data).status_code == 403


@pytest.mark.parametrize("back", ["//elsewhere.example/", "https://elsewhere.example/", "javascript:alert(1)"])
def test_choosing_a_person_leads_nowhere_else(town: Town, browser: Browser, back: str) -> None:
    browser.client.follow_redirects = False
    answer = browser.post("/", "/-/person", login="dana", back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_running_a_check_again_asks_its_app(town: Town, browser: Browser) -> None:
    number = opened(town)
    run = checked(town, number)
    browser.become("olga")
    page = f"/{REPOSITORY}/runs/{run['id']}"
    assert browser.post(page, f"{page}/rerequest").status_code == 200
    assert town.settled()[-1] == "check_run.rerequested"


def test_an_action_of_a_check_is_asked_of_its_app_and_only_one_it_offers(town: Town, browser: Browser) -> None:
    app = town.installation()
    head = cast(Json, app.get(f"{ONE}/git/ref/heads/main")["object"])["sha"]
    body = {"name": "dvo/policy", "head_sha": head, "actions": [EXPLAIN]}
    run = cast(Json, app.wanted(201, "POST", f"{ONE}/check-runs", body))
    browser.become("olga")
    page = f"/{REPOSITORY}/runs/{run['id']}"
    assert browser.post(page, f"{page}/rerequest", action="explain").status_code == 200
    assert town.settled()[-1] == "check_run.requested_action"
    assert town.receiver.received[-1].payload["requested_action"] == {"identifier": "explain"}
    assert browser.post(page, f"{page}/rerequest", action="other").status_code == 422


def test_the_buttons_of_a_check_are_on_the_pull_request_and_lead_back_to_it(town: Town, browser: Browser) -> None:
    number = opened(town)
    run = checked(town, number, actions=[EXPLAIN])
    browser.become("olga")
    page = f"/{REPOSITORY}/pull/{number}"
    assert 'name="action" value="explain" title="Say it at length">Explain</button>' in browser.see(page)
    answer = browser.post(page, f"/{REPOSITORY}/runs/{run['id']}/rerequest", action="explain", pull=str(number))
    assert (answer.url.path, answer.url.fragment) == (page, f"check-{run['id']}")
    assert "Asked. The answer is here once the page is" in answer.text
    assert "Asked." not in browser.see(page)
    assert town.settled()[-1] == "check_run.requested_action"
    assert cast(Json, town.receiver.received[-1].payload["sender"])["login"] == "olga"


@pytest.mark.parametrize("elsewhere", ["99", "x", "-1", "1/../../etc", "\u0663"])
def test_a_button_leads_to_no_other_page_than_those_there_are(town: Town, browser: Browser, elsewhere: str) -> None:
    run = checked(town, opened(town))
    browser.become("olga")
    page = f"/{REPOSITORY}/runs/{run['id']}"
    assert browser.post(page, f"{page}/rerequest", pull=elsewhere).url.path == page


@pytest.mark.parametrize(("login", "said"), [("", "Choose who you are to ask"), ("rita", "Whoever has write access")])
def test_who_may_not_write_sees_buttons_that_cannot_be_pressed(
    town: Town, browser: Browser, login: str, said: str
) -> None:
    number = opened(town)
    run = checked(town, number, actions=[EXPLAIN])
    browser.become(login)
    for path in (f"/pull/{number}", f"/runs/{run['id']}", f"/commit/{run['head_sha']}"):
        text = browser.see(f"/{REPOSITORY}{path}")
        assert 'value="explain" title="Say it at length" disabled>' in text
        assert said in text
    page = f"/{REPOSITORY}/runs/{run['id']}"
    assert browser.post(page, f"{page}/rerequest", action="explain").status_code == 403


def test_a_cell_of_a_table_knows_its_columns_name_and_nothing_of_it_runs() -> None:
    table = '| `dvo` & "what" | b |\n|---|---|\n| 1 | 2 |\n\n| c |\n|---|\n| 3 |\n'
    shown = str(markdown(table))
    labels = re.findall(r'<td data-label="([^"]*)">(\d)', shown)
    assert labels == [("dvo &amp; &quot;what&quot;", "1"), ("b", "2"), ("c", "3")]


def test_a_draft_is_made_ready_on_its_page(town: Town, browser: Browser) -> None:
    dana = town.person("dana")
    dana.commit("feature", {MANIFEST: b"version: 2\n"}, "Mine")
    dana.call("POST", "/pulls", {"title": "Mine", "head": "feature", "base": "main", "draft": True})
    browser.become("dana")
    page = f"/{REPOSITORY}/pull/1"
    assert "Ready for review" in browser.see(page)
    browser.post(page, f"{page}/state", state="ready")
    assert (dana.pull(1)["draft"], town.settled()[-1]) == (False, "pull_request.ready_for_review")


@pytest.mark.parametrize(
    "path", ["/pull/99", "/issues/99", "/runs/99", "/commit/0000000", "/commits/none", "/blob/main/../x", "/tree/none"]
)
def test_what_is_not_there_is_a_page_that_says_so(browser: Browser, path: str) -> None:
    answer = browser.client.get(f"/{REPOSITORY}{path}")
    assert (answer.status_code, "Not Found" in answer.text) == (404, True)
