"""Take part in what the demo leaves running: for each person a file that a shell reads to act as them.

It names their clone, their token and where the ledger and the directory are, so that Git, the REST API
and `dvo` work as they would for that person at work.
"""

import shlex
from collections.abc import Iterable
from pathlib import Path

from controller.sandbox.person import Person


def write_roles(people: Iterable[Person], home: Path, directory_file: Path, folder: Path) -> None:
    """Write one file for each of `people` into the new `folder`, for nobody else to read: it holds their token.

    `home` is the controller's, with its ledger and who may sign that.
    """
    folder.mkdir(mode=0o700)
    for person in people:
        settings = {
            "CLONE": f"--config user.name={person.login} --config user.email={person.email} {person.git_url}",
            "API": f"{person.api}/repos/{person.repository}",
            "TOKEN": person.token,
            "DVO_HOME": str(home),
            "DVO_DIRECTORY_FILE": str(directory_file),
        }
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        (folder / person.login).write_text("".join(lines), "utf-8")
