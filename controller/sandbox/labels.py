"""Labels on issues and pull requests: what is made of a name, and what is told when one is put on or taken off."""

from controller.sandbox.events import announce_issue, announce_pull
from controller.sandbox.records import Issue, Label
from controller.sandbox.shapes.accounts import label_shape
from controller.sandbox.world import Deed


def label_named(deed: Deed, name: str) -> Label:
    """Return the repository's label of a name, in whatever case, and make it if there is none."""
    labels = deed.repository.labels
    if name.lower() not in labels:
        labels[name.lower()] = Label(deed.world.next_id(), name)
    return labels[name.lower()]


def put_on(deed: Deed, issue: Issue, name: str) -> None:
    """Put a label on an issue or pull request, unless it is there."""
    label = label_named(deed, name)
    if label not in issue.labels:
        issue.labels.append(label)
        _announce(deed, issue, label, "labeled")


def take_off(deed: Deed, issue: Issue, name: str) -> bool:
    """Take a label off, and return whether it was there."""
    for label in issue.labels:
        if label.name.lower() == name.lower():
            issue.labels.remove(label)
            _announce(deed, issue, label, "unlabeled")
            return True
    return False


def _announce(deed: Deed, issue: Issue, label: Label, action: str) -> None:
    pull = deed.repository.pulls.get(issue.number)
    extra = {"label": label_shape(deed.world.urls, deed.repository, label)}
    if pull is not None:
        announce_pull(deed, pull, action, extra)
    else:
        announce_issue(deed, issue, action, extra)
