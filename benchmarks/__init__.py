"""Measurements behind what this project claims: speeds as ratios of one run, answers as counts."""
