"""How long random histories are tried: a little and always the same in a build, far more at night."""

from hypothesis import HealthCheck, Phase, settings

_UNTIMED = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate), print_blob=True
)
settings.register_profile(
    "histories", _UNTIMED, max_examples=16, stateful_step_count=10, derandomize=True, database=None
)
settings.register_profile("sandbox", _UNTIMED, max_examples=5, stateful_step_count=6, derandomize=True, database=None)
settings.register_profile("nightly", _UNTIMED, max_examples=1000, stateful_step_count=60)
