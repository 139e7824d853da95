"""DVO: a GitOps controller for AI agents."""
