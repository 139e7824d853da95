"""The git database calls: blobs, trees, commits and refs by id."""

import base64
import binascii
from datetime import datetime

from controller.sandbox.git_history import is_ancestor
from controller.sandbox.git_objects import (
    OBJECT_ID,
    NewCommit,
    Signature,
    list_tree,
    read_commit,
    resolve,
    write_commit,
    write_tree,
)
from controller.sandbox.git_store import NO_OBJECT, GitError, Move, valid_ref
from controller.sandbox.pull_requests import github, signature_of
from controller.sandbox.pushes import branch_moved, push_refused
from controller.sandbox.records import Permission
from controller.sandbox.refusal import Refusal, not_found, unprocessable
from controller.sandbox.rest.routing import Body, Call, Reply, Route
from controller.sandbox.shapes.commits import blob_shape, git_commit_shape, ref_shape, tree_shape
from controller.sandbox.tokens import CallerKind

_LARGEST_TREE = 100_000
_MODES = {"100644": "blob", "100755": "blob", "040000": "tree", "160000": "commit", "120000": "blob"}


def get_tree(call: Call) -> Reply:
    """Answer a tree by its id, or of a commit or branch; cut off beyond GitHub's limit."""
    store, name = call.repository.store, call.path["tree_sha"]
    found = store.read(name) if OBJECT_ID.fullmatch(name) else None
    if found is not None and found[1] == "tree":
        oid = name
    else:
        commit = read_commit(store, resolve(store, name) or "")
        if commit is None:
            raise not_found()
        oid = commit.tree
    entries = list_tree(store, oid, recursive=bool(call.query.get("recursive")))
    truncated = len(entries) > _LARGEST_TREE
    shape = tree_shape(call.world, call.repository, oid, entries[:_LARGEST_TREE], truncated=truncated)
    return Reply(shape)


def create_tree(call: Call) -> Reply:
    """Store a tree, new or made from another by changes."""
    store = call.repository.store
    base = call.body.text("base_tree")
    if base is not None:
        base = _tree_of(call, base)
    changes: dict[str, tuple[str, str] | None] = {}
    for entry in call.body.objects("tree"):
        changes[entry.required_text("path")] = _tree_change(call, entry)
    if not changes:
        raise unprocessable("Invalid tree info")
    try:
        oid = write_tree(store, base, changes)
    except GitError as error:
        raise unprocessable("GitRPC::BadObjectState") from error
    entries = list_tree(store, oid, recursive=False)
    return Reply(tree_shape(call.world, call.repository, oid, entries, truncated=False), 201)


def get_blob(call: Call) -> Reply:
    """Answer a blob."""
    oid = call.path["file_sha"]
    found = call.repository.store.read(oid) if OBJECT_ID.fullmatch(oid) else None
    if found is None or found[1] != "blob":
        raise not_found()
    return Reply(blob_shape(call.world, call.repository, oid, found[2]))


def create_blob(call: Call) -> Reply:
    """Store a blob."""
    content = call.body.text("content") or ""
    if call.body.text("encoding") == "base64":
        try:
            stored = base64.b64decode(content)
        except binascii.Error as error:
            raise unprocessable("content is not valid Base64") from error
    else:
        stored = content.encode()
    oid = call.repository.store.write("blob", stored)
    return Reply({"sha": oid, "url": f"{_api(call)}/git/blobs/{oid}"}, 201, headers={})


def get_commit(call: Call) -> Reply:
    """Answer a commit by its full id."""
    commit = read_commit(call.repository.store, call.path["commit_sha"])
    if commit is None:
        raise not_found()
    return Reply(git_commit_shape(call.world, call.repository, commit.oid))


def create_commit(call: Call) -> Reply:
    """Store a commit; one by an App that names nobody is made, and verified, by the server."""
    repository, body = call.repository, call.body
    tree, parents = body.required_text("tree"), body.texts("parents")
    found = repository.store.read(tree) if OBJECT_ID.fullmatch(tree) else None
    if found is None or found[1] != "tree":
        raise unprocessable("Tree SHA does not exist")
    if not all(read_commit(repository.store, parent) for parent in parents):
        raise unprocessable("Parent SHA does not exist or is not a commit object")
    own = signature_of(call.world, call.account)
    author = _signature(body.part("author"), own)
    by_server = call.caller.kind is CallerKind.INSTALLATION and "author" not in body and "committer" not in body
    committer = github(call.world) if by_server else _signature(body.part("committer"), author)
    message = body.required_text("message")
    oid = write_commit(repository.store, NewCommit(tree, tuple(parents), author, committer, message))
    if by_server:
        repository.server_commits.add(oid)
    return Reply(git_commit_shape(call.world, repository, oid), 201)


def get_ref(call: Call) -> Reply:
    """Answer one ref."""
    ref = "refs/" + call.path["ref"]
    oid = call.repository.store.refs(ref).get(ref) if valid_ref(call.repository.store, ref) else None
    if oid is None:
        raise not_found()
    return Reply(ref_shape(call.world, call.repository, ref, oid))


def list_refs(call: Call) -> Reply:
    """Answer all refs that begin with what was asked: of this list GitHub makes no pages."""
    start = "refs/" + call.path["ref"]
    refs = call.repository.store.refs()
    found = [ref_shape(call.world, call.repository, ref, oid) for ref, oid in refs.items() if ref.startswith(start)]
    return Reply(found)


def create_ref(call: Call) -> Reply:
    """Make a branch or tag."""
    repository, ref, oid = call.repository, call.body.required_text("ref"), call.body.required_text("sha")
    if not ref.startswith("refs/") or ref.count("/") < 2 or not valid_ref(repository.store, ref):
        raise unprocessable("Reference name is invalid")
    if ref in repository.store.refs(ref):
        raise unprocessable("Reference already exists")
    _require_commit(call, oid)
    _guard(call, ref, NO_OBJECT, oid)
    repository.store.move(ref, oid)
    branch_moved(call.deed, Move(ref, NO_OBJECT, oid))
    return Reply(ref_shape(call.world, repository, ref, oid), 201)


def update_ref(call: Call) -> Reply:
    """Move a branch or tag, forward only unless forced."""
    repository, ref, oid = call.repository, "refs/" + call.path["ref"], call.body.required_text("sha")
    before = _existing(call, ref)
    _require_commit(call, oid)
    if not call.body.flag("force") and not is_ancestor(repository.store, before, oid):
        raise unprocessable("Update is not a fast forward")
    _guard(call, ref, before, oid)
    repository.store.move(ref, oid, expected=before)
    if before != oid:
        branch_moved(call.deed, Move(ref, before, oid))
    return Reply(ref_shape(call.world, repository, ref, oid))


def delete_ref(call: Call) -> Reply:
    """Remove a branch or tag."""
    ref = "refs/" + call.path["ref"]
    before = _existing(call, ref)
    _guard(call, ref, before, NO_OBJECT)
    call.repository.store.move(ref, None, expected=before)
    branch_moved(call.deed, Move(ref, before, NO_OBJECT))
    return Reply(status=204)


def _tree_of(call: Call, name: str) -> str:
    found = call.repository.store.read(name) if OBJECT_ID.fullmatch(name) else None
    if found is None or found[1] not in ("tree", "commit"):
        raise unprocessable("base_tree is not a valid tree oid")
    commit = read_commit(call.repository.store, name)
    return name if commit is None else commit.tree


def _tree_change(call: Call, entry: Body) -> tuple[str, str] | None:
    mode = entry.text("mode") or "100644"
    if mode not in _MODES:
        raise unprocessable("tree.mode contains an invalid value")
    content = entry.text("content")
    if content is not None:
        return mode, call.repository.store.write("blob", content.encode())
    oid = entry.text("sha")
    if oid is None:
        return None
    found = call.repository.store.read(oid) if OBJECT_ID.fullmatch(oid) else None
    if mode != "160000" and (found is None or found[1] != _MODES[mode]):
        raise unprocessable(f"tree.sha {oid[:60]} is not a valid {_MODES[mode]}")
    return mode, oid


def _signature(part: Body | None, default: Signature) -> Signature:
    if part is None:
        return default
    date = part.text("date")
    try:
        when = default.when if date is None else datetime.fromisoformat(date)
    except ValueError as error:
        raise unprocessable("date is not a valid ISO 8601 timestamp") from error
    return Signature(part.required_text("name"), part.required_text("email"), when)


def _existing(call: Call, ref: str) -> str:
    before = call.repository.store.refs(ref).get(ref) if valid_ref(call.repository.store, ref) else None
    if before is None:
        raise unprocessable("Reference does not exist")
    return before


def _require_commit(call: Call, oid: str) -> None:
    if read_commit(call.repository.store, oid) is None:
        raise unprocessable("Object does not exist")


def _guard(call: Call, ref: str, before: str, after: str) -> None:
    reason = push_refused(call.deed, Move(ref, before, after))
    if reason is not None:
        raise Refusal(422, reason)


def _api(call: Call) -> str:
    return call.world.urls.repository(call.repository.full_name)


_GIT = "/repos/{owner}/{repo}/git"

ROUTES = [
    Route("GET", _GIT + "/trees/{tree_sha:path}", get_tree, "contents:read"),
    Route("POST", _GIT + "/trees", create_tree, "contents:write", Permission.WRITE),
    Route("GET", _GIT + "/blobs/{file_sha}", get_blob, "contents:read"),
    Route("POST", _GIT + "/blobs", create_blob, "contents:write", Permission.WRITE),
    Route("GET", _GIT + "/commits/{commit_sha}", get_commit, "contents:read"),
    Route("POST", _GIT + "/commits", create_commit, "contents:write", Permission.WRITE),
    Route("GET", _GIT + "/ref/{ref:path}", get_ref, "contents:read"),
    Route("GET", _GIT + "/matching-refs/{ref:path}", list_refs, "contents:read"),
    Route("POST", _GIT + "/refs", create_ref, "contents:write", Permission.WRITE),
    Route("PATCH", _GIT + "/refs/{ref:path}", update_ref, "contents:write", Permission.WRITE),
    Route("DELETE", _GIT + "/refs/{ref:path}", delete_ref, "contents:write", Permission.WRITE),
]
