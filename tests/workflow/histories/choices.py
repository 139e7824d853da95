"""What the people of a history may choose from, and how likely each choice is."""

from hypothesis import strategies as st

from controller.change.facts import ReviewState
from tests.workflow.histories.model import PATHS
from tests.workflow.steps import PRODUCTION
from tests.workflow.world import PEOPLE

STRANGER = "stranger"

Change = tuple[str, str, int]
"""Which manifest, what becomes of it, and a number to vary that with."""

LOGINS = (*PEOPLE, STRANGER)
PROPOSER = st.sampled_from(("omar-ops", "omar-ops", "rita-release", "ada-admin", "dana-dev", *LOGINS))
REVIEWER = st.sampled_from(("rita-release", "ravi-release", "rita-release", "ravi-release", *LOGINS))
STATE = st.sampled_from((ReviewState.APPROVED,) * 5 + (ReviewState.CHANGES_REQUESTED, ReviewState.COMMENTED))
ANY = st.integers(0, 30)
"""Which of those there are, whatever their number."""
METHODS = ("merge", "squash", "rebase")
THEN = st.sampled_from(("look", "look", "nothing", "race", *METHODS))
"""What follows: the webhook arrives, or is lost; or the pull request is merged, perhaps before anybody looked."""
HEARD = st.sampled_from((True, True, True, False))
"""Whether the webhook arrives."""
WHAT = ("replicas 2", "replicas 3", *("replicas 4", "version") * 2, "comment", "reformat", "remove")
EDIT = st.tuples(
    st.sampled_from((PRODUCTION, PRODUCTION, PRODUCTION, *PATHS.values())),
    st.sampled_from((*WHAT, "as main", "as admitted")),
    ANY,
)
OWNER = st.sampled_from(("rita-release", "rita-release", "ravi-release", "omar-ops"))
GROUPS = ((), ("DVO-Viewers",), ("DVO-Operators", "DVO-Developers"))
TROUBLES = ("down", "sick", "mute", "mended", "mended", "dies", "dies", "falls ill")
