"""CODEOWNERS: parsing, matching, and who must answer."""
