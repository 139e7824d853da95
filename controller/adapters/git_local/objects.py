"""Git's objects as our types: one `cat-file --batch` for many, commits and trees parsed from bytes.

Follows gitformat ("commit objects", `ls-tree -z`). Addresses stand in commits as people typed
them; whom they belong to is not decided here.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from controller.adapters.git_local.command import Git
from controller.change.facts import Commit, FileMode, TreeEntry
from controller.change.git_tree import file_mode
from controller.change.names import ObjectId, RepoPath, commit_sha, object_id
from controller.errors import UnavailableError

_ADDRESS = re.compile(r"<([^<>\n]*)> -?[0-9]+ [+-][0-9]{4}$")
_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_CREDITED = re.compile(r"<([^<>\n]*)>")


def read_objects(git: Git, wanted: Collection[str]) -> Mapping[str, bytes]:
    """Return the bytes of every one of `wanted`. Raises `UnavailableError` when one is not there."""
    asked = list(wanted)
    printed = git.read("cat-file", "--batch", content="".join(f"{name}\n" for name in asked).encode("ascii"))
    found: dict[str, bytes] = {}
    start = 0
    for name in asked:
        end = printed.index(b"\n", start)
        header = printed[start:end].split(b" ")
        if len(header) != 3:
            raise UnavailableError(f"object {name} is not in this clone; fetch it", component="git")
        size = int(header[2])
        found[name] = printed[end + 1 : end + 1 + size]
        start = end + 1 + size + 1
    return found


def read_commits(git: Git, ids: Collection[str]) -> tuple[Commit, ...]:
    """Return the commits `ids`, in that order."""
    return tuple(_commit(name, content) for name, content in read_objects(git, ids).items())


def list_tree(git: Git, tree: ObjectId) -> Iterator[tuple[RepoPath, TreeEntry | ObjectId]]:
    """Yield every path of `tree` with its entry, or with its id when it is a folder."""
    for line in git.read("ls-tree", "-r", "-t", "-z", "--full-tree", "--end-of-options", tree).split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, kind, identifier = facts.decode("ascii").split()
        path = RepoPath(name.decode("utf-8", "surrogateescape"))
        yield path, object_id(identifier) if kind == "tree" else TreeEntry(_mode(mode, path), object_id(identifier))


def _mode(text: str, path: RepoPath) -> FileMode:
    known = file_mode(text)
    if known is None:
        raise UnavailableError(f"{path[:200]!a} has the mode {text[:10]!a}, which Git has none of", component="git")
    return known


def _commit(name: str, content: bytes) -> Commit:
    head, _, message = content.decode("utf-8", "replace").partition("\n\n")
    headers = [line.partition(" ")[::2] for line in head.split("\n")]
    author = next(value for key, value in headers if key == "author")
    committer = next(value for key, value in headers if key == "committer")
    return Commit(
        sha=commit_sha(name),
        tree=next(object_id(value) for key, value in headers if key == "tree"),
        parents=tuple(commit_sha(value) for key, value in headers if key == "parent"),
        author=None,
        author_email=_address(author),
        committer=None,
        committer_email=_address(committer),
        co_author_emails=_co_authors(message),
        is_verified=False,
    )


def _address(person: str) -> str:
    found = _ADDRESS.search(person)
    return found[1].strip().lower() if found else ""


def _co_authors(message: str) -> tuple[str, ...]:
    """Return whoever is credited; one without an address stays as named, so that nobody is overlooked."""
    credited = [said.strip() for said in _CO_AUTHOR.findall(message)]
    found = [_CREDITED.findall(said)[-1] if _CREDITED.search(said) else said for said in credited]
    return tuple(sorted({address.strip().lower() for address in found} - {""}))
