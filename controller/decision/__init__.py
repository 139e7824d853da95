"""Admitted, Waiting or Refused, with reasons and effects."""
