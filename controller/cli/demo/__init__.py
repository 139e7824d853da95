"""The demo: a company's week with its agents, played for real and told step by step."""
