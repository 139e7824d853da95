"""Webhook, API, health and metrics over HTTP."""
