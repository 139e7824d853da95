"""Reviews, owners and roles: who has approved and who is missing."""
