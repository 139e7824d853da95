"""A storm of webhooks about one pull request: all are kept, a handful of judgements answers them."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from controller.sandbox.deliveries import signature
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world

EVENTS = (("pull_request", "edited"), ("pull_request", "synchronize"), ("pull_request_review", "submitted"))
LOOK = "GET /repos/{owner}/{repo}/pulls/{pull_number}"
STORM = 1000
APART_SECONDS = 1.0
"""As the controller's pace has it."""


def looks(company: World) -> int:
    """Return how often a pull request was read, which every judgement begins with."""
    return company.sandbox.faults.counts().by_route.get(LOOK, 0)


def test_a_thousand_deliveries_about_one_pull_request_cost_a_handful_of_judgements(tmp_path: Path) -> None:
    with world(tmp_path) as company:
        number = company.propose("dana-dev", {DEVELOPMENT: edited(company.file(DEVELOPMENT), replicas=3)})
        company.green(number)
        company.after_a_sweep()
        before, began = looks(company), time.monotonic()
        with httpx.Client(trust_env=False, timeout=60) as client, ThreadPoolExecutor(16) as senders:

            def deliver(order: int) -> int:
                event, action = EVENTS[order % len(EVENTS)]
                pull = {"number": number, "base": {"ref": "main"}}
                whole = {"action": action, "pull_request": pull, "repository": {"full_name": "acme-agents/agents"}}
                body = json.dumps(whole).encode()
                headers = {
                    "Content-Type": "application/json",
                    "X-GitHub-Delivery": str(uuid.uuid4()),
                    "X-GitHub-Event": event,
                    "X-Hub-Signature-256": signature(company.app.webhook_secret, body),
                }
                address = f"{company.running.address}/webhooks/github"
                return client.post(address, content=body, headers=headers).status_code

            answers = list(senders.map(deliver, range(STORM)))
        assert answers == [202] * STORM
        head = company.head(number)
        company.person("dana-dev").commit(
            company.branch(number), {DEVELOPMENT: edited(company.file(DEVELOPMENT), replicas=4)}, "Calm"
        )
        until(lambda: company.head(number) != head, "the push")
        company.green(number)
        assert looks(company) - before <= 3 + (time.monotonic() - began) / APART_SECONDS
        company.assert_ledger_holds()
