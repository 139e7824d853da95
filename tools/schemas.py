"""Write the published JSON Schemas into `schemas/`, from the models that judge the files."""

from pathlib import Path

from controller.caat import agent_file
from controller.desired_state import schema
from controller.policy import situation

FOLDER = Path(__file__).parent.parent / "schemas"


def main() -> None:
    """Write every schema that the controller publishes."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in {**schema.json_schemas(), **agent_file.json_schemas(), **situation.json_schemas()}.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
