"""The page that lists the settings lists them all."""

from pathlib import Path

import pytest

from controller.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", [field.alias for field in Settings.model_fields.values() if field.alias is not None])
def test_every_setting_is_on_the_page(name: str) -> None:
    assert f"`{name.replace('*', '<NAME>')}`" in PAGE
