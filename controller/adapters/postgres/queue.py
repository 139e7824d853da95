"""The queue of keys to look at: Procrastinate's table, written in our own transactions.

- *Now*: one job per key waits (``queueing_lock`` is the key) and one runs (``lock`` is the key).
  A mark that finds a waiting job holds that job until the transaction ends, so no worker can
  run it before what was written together with the mark can be seen.
- *Not before a time*: a job of its own per key and time, without ``lock``: a waiting timer must
  not stand in the way of a mark for now. When its time has come it marks the key.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from controller.adapters.postgres.database import Database
from controller.adapters.postgres.sharing import Sharing
from controller.ports.journal import Mark

QUEUE = "dvo"
LOOK = "dvo.look"
WAKE = "dvo.wake"

# Updating a waiting job to what it already is takes its row's lock; fetching skips locked rows. One order everywhere,
# so that two transactions with the same keys cannot wait for each other. A worker that skipped a job because it was
# held hears of it again when it is free.
_PUT = text("""
    WITH put AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
        SELECT :queue, job.task, job.lock, job.queueing_lock, job.args, job.scheduled_at
        FROM jsonb_to_recordset(CAST(:jobs AS jsonb))
            AS job (task text, lock text, queueing_lock text, args jsonb, scheduled_at timestamptz)
        ORDER BY job.queueing_lock COLLATE "C"
        ON CONFLICT (queueing_lock) WHERE status = 'todo'::procrastinate_job_status
        DO UPDATE SET args = EXCLUDED.args
    )
    SELECT pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted", "job_id": 0}')
""")
_TAKE_DUE = text("""
    DELETE FROM procrastinate_jobs
    WHERE task_name = :task AND status = 'todo' AND CAST(args->>'not_before' AS timestamptz) <= :now
    RETURNING args->>'key'
""")
_COUNT_WAITING = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task AND status = 'todo'")
_PUT_LATER = text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, scheduled_at)
    VALUES (:queue, :task, :queueing_lock, CAST(:args AS jsonb), now() + make_interval(secs => :seconds))
    ON CONFLICT (queueing_lock) WHERE status = 'todo'::procrastinate_job_status
    DO UPDATE SET scheduled_at = LEAST(procrastinate_jobs.scheduled_at, EXCLUDED.scheduled_at)
""")


# Whoever marks the key meanwhile finds this job waiting, and waits with it.
_PUT_BACK = text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
    VALUES (:queue, :task, :key, :key, CAST(:args AS jsonb), now() + make_interval(secs => :seconds))
    ON CONFLICT (queueing_lock) WHERE status = 'todo'::procrastinate_job_status
    DO UPDATE SET scheduled_at = EXCLUDED.scheduled_at
""")


class PostgresWorkQueue:
    """Marks keys, each durable when the call returns; who comes during a write shares the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sharing = Sharing(self._put)

    def mark(self, marks: Sequence[Mark]) -> None:
        """Durably note that keys want looking at. Raises `UnavailableError`."""
        self._sharing.put(marks)

    def _put(self, marks: Sequence[Mark]) -> None:
        with self._database.transaction() as connection:
            put_marks(connection, marks)

    def wake_due(self, now: datetime) -> int:
        """Mark for now every key with a timer up to `now`; return how many there were.

        Timers otherwise wait for the database's clock. Raises `UnavailableError`.
        """
        with self._database.transaction() as connection:
            keys = connection.execute(_TAKE_DUE, {"task": WAKE, "now": now}).scalars().all()
            put_marks(connection, [Mark(key) for key in keys])
        return len(keys)

    def waiting(self) -> int:
        """Return how many keys want looking at now and nobody looks at. Raises `UnavailableError`."""
        with self._database.transaction() as connection:
            return int(connection.execute(_COUNT_WAITING, {"task": LOOK}).scalar_one())


def put_marks(connection: Connection, marks: Iterable[Mark]) -> None:
    """Put `marks` into the queue as part of the transaction on `connection`."""
    jobs = {job["queueing_lock"]: job for job in map(_job, marks)}
    if jobs:
        connection.execute(_PUT, {"queue": QUEUE, "jobs": json.dumps(list(jobs.values()))})


def put_later(connection: Connection, key: str, *, seconds: float, not_before: datetime | None = None) -> None:
    """Wake `key` when `seconds` have passed on the database's clock; `not_before` is kept with it."""
    connection.execute(
        _PUT_LATER,
        {
            "queue": QUEUE,
            "task": WAKE,
            "queueing_lock": f"{key}@" + ("retry" if not_before is None else not_before.isoformat()),
            "args": _wake_args(key, not_before),
            "seconds": seconds,
        },
    )


def put_back(connection: Connection, key: str, *, seconds: float) -> None:
    """Have `key` looked at when `seconds` have passed on the database's clock, and not before."""
    args = json.dumps({"key": key})
    connection.execute(_PUT_BACK, {"queue": QUEUE, "task": LOOK, "key": key, "args": args, "seconds": seconds})


def _job(mark: Mark) -> dict[str, object]:
    if mark.not_before is None:
        return {"task": LOOK, "lock": mark.key, "queueing_lock": mark.key, "args": {"key": mark.key}}
    moment = mark.not_before.isoformat()
    return {
        "task": WAKE,
        "queueing_lock": f"{mark.key}@{moment}",
        "args": {"key": mark.key, "not_before": moment},
        "scheduled_at": moment,
    }


def _wake_args(key: str, not_before: datetime | None) -> str:
    return json.dumps({"key": key, "not_before": None if not_before is None else not_before.isoformat()})
