"""Where the real OPA is that tests ask."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]


def opa_binary() -> Path:
    """Return the project's OPA, or the one on the PATH."""
    own = ROOT / ".tools" / "opa"
    found = own if own.exists() else shutil.which("opa")
    assert found is not None, "there is no OPA: run `make opa`"
    return Path(found)
