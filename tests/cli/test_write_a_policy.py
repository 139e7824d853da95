"""The page on writing a company rule holds: its files, as they stand there, do what it says."""

import re

from tests.cli.conftest import ROOT, Clone, Dvo

_PAGE = (ROOT / "docs" / "how-to" / "write-a-policy.md").read_text()


def test_the_rule_of_the_page_and_its_tests_hold(dvo: Dvo, clone: Clone) -> None:
    rule, test, situations = re.findall(r"```(?:rego|yaml)\n(.*?)```", _PAGE, re.DOTALL)
    for file in (clone.folder / "policies" / "rego").rglob("*_test.rego"):
        if file.name != "examples_test.rego":
            file.unlink()
    for file in (clone.folder / "policies" / "tests").iterdir():
        file.unlink()
    clone.write("policies/rego/company/two_regions.rego", rule)
    clone.write("policies/rego/company/two_regions_test.rego", test)
    clone.write("policies/tests/company.yaml", situations)
    said = dvo("policy", "test", "--repo", str(clone.folder))
    assert said.code == 0, said.out + said.err
    assert "✓ 3 of 3 Rego tests hold" in said.out
    assert "✓ 2 of 2 situations" in said.out
    assert "acme-two-regions (company, medium, reliability)" in dvo("policy", "list", "--repo", str(clone.folder)).out
