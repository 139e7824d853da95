"""A key and an empty ledger in a temporary folder."""

from pathlib import Path

import pytest

from controller.adapters.git_ledger import GitLedger, SigningKey, ensure_key


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return ensure_key(tmp_path / "key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.git"


@pytest.fixture
def ledger(path: Path, key: SigningKey) -> GitLedger:
    return GitLedger(path, key)


@pytest.fixture
def signers(tmp_path: Path, key: SigningKey) -> Path:
    file = tmp_path / "allowed_signers"
    file.write_text(key.allowed_signers.text)
    return file
