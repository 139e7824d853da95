"""The page on writing a company rule holds: its files, in a new repository, do what it says."""

import re
from pathlib import Path

from tests.cli.conftest import ROOT, Clone, Dvo

_PAGE = (ROOT / "docs" / "how-to" / "write-a-policy.md").read_text()
_MODEL = "model: {provider: azure_openai, name: gpt-4o, temperature: 0.9}"


def test_the_rule_of_the_page_and_its_tests_hold_and_it_judges(dvo: Dvo, tmp_path: Path, home: Path) -> None:
    clone = Clone(tmp_path / "agents", home)
    assert dvo("init", str(clone.folder)).code == 0
    clone.git("init", "--quiet", "--initial-branch=main")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--message", "Begin")
    clone.git("switch", "--quiet", "--create", "sober-models")
    rule, test, situations = re.findall(r"```(?:rego|yaml)\n(.*?)```", _PAGE, re.DOTALL)
    clone.write("policies/rego/company/sober_models.rego", rule)
    clone.write("policies/rego/company/sober_models_test.rego", test)
    clone.write("policies/tests/company.yaml", situations)
    repo = ("--repo", str(clone.folder))
    said = dvo("policy", "test", *repo)
    assert said.code == 0, said.out + said.err
    assert "✓ 3 of 3 Rego tests of company/ hold" in said.out
    assert "✓ 25 of 25 situations" in said.out
    assert "acme-sober-models (company, medium, responsible AI)" in dvo("policy", "list", *repo).out
    assert "policies/rego/company/sober_models.rego" in dvo("check", *repo).out

    clone.git("switch", "--quiet", "--create", "other", "main")
    manifest = (clone.folder / "environments/development/anl.yaml").read_text()
    clone.write(
        "environments/production/anl.yaml",
        manifest.replace("platform:", f"{_MODEL}\ndigest: sha256:{'0' * 64}\nplatform:"),
    )
    release = re.findall(r"sha256:[0-9a-f]{64}", dvo("check", *repo, "--as", "omar-ops", more={"COLUMNS": "999"}).out)[
        0
    ]
    clone.edit("environments/production/anl.yaml", f"sha256:{'0' * 64}", release)
    told = dvo("policy", "explain", *repo, "--base", "sober-models", "--head", "other", more={"COLUMNS": "999"}).out
    assert "acme-sober-models denies production/ANL: ANL answers at a temperature above 0.3." in told
    assert "write `model.temperature: 0.3`" in told
    assert "acme-sober-models" not in dvo("check", *repo, "--head", "other").out
