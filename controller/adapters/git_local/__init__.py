"""A clone on one's own disk: trees, commits and who is at work, read with Git's plumbing."""

from controller.adapters.git_local.repository import LocalRepository

__all__ = ["LocalRepository"]
