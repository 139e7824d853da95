"""What the process runtime remembers of an instance it started: which intent, which bytes, where.

No process id is kept: an instance is found by the id in its command line, which no other
process has, so a re-used process id can never be taken for an agent.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from controller.adapters.process.places import write_durably
from controller.adapters.process.probe import Health
from controller.change.names import Digest
from controller.errors import UnavailableError
from controller.ports.deployer import Intent


@dataclass(frozen=True, slots=True)
class Record:
    """One instance: what it was started for and the port its socket is bound to."""

    intent: str
    plan: Digest
    bundle: Digest
    instance: str
    port: int

    @property
    def endpoint(self) -> str:
        """The address the instance answers at."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def health(self) -> Health:
        """What the instance says of itself when it is the one we started and healthy."""
        return Health(status="healthy", bundle=self.bundle, plan=self.plan, instance=self.instance)


def record_of(intent: Intent, instance: str, port: int) -> Record:
    """Return the record of an instance about to be started for `intent`."""
    return Record(intent.id, intent.plan, intent.bundle, instance, port)


def read_record(path: Path) -> Record | None:
    """Return the record at `path`, or None where there is none.

    Raises `UnavailableError` for a record that cannot be read: then nothing is known.
    """
    try:
        return TypeAdapter(Record).validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise UnavailableError(
            f"the record {path.name} of {path.parent.name} cannot be read: {type(error).__name__}", component="process"
        ) from error


def write_record(path: Path, record: Record) -> None:
    """Put `record` at `path`, durably."""
    write_durably(path, json.dumps(asdict(record), sort_keys=True).encode())
