"""What holds for every test: a property test has no deadline, so a slow machine cannot fail it."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
