"""The document OPA is asked about, its answer, and what both mean."""
