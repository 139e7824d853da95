"""JSON of commits, trees, blobs, refs, changed files and comparisons.

Accounts of authors and committers are found by e-mail; an unknown address gives null. Commits the server made are
reported as verified, everything else as unsigned, because nobody can upload a key to the sandbox.
"""

import base64
from urllib.parse import quote

from controller.sandbox.git_history import ChangedFile, changed_files
from controller.sandbox.git_objects import CommitObject, Signature, TreeEntry, known_commit
from controller.sandbox.records import Repository
from controller.sandbox.shapes.accounts import Json, optional_account
from controller.sandbox.world import World, moment, node_id


def commit_shape(world: World, repository: Repository, oid: str) -> Json:
    """Return a commit as lists and comparisons carry it."""
    commit = known_commit(repository.store, oid)
    api, page = world.urls.repository(repository.full_name), world.urls.page(repository.full_name)
    return {
        "sha": oid,
        "node_id": node_id("Commit", oid),
        "commit": {
            "author": _git_user(commit.author),
            "committer": _git_user(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
            "url": f"{api}/git/commits/{oid}",
            "comment_count": 0,
            "verification": verification(repository, commit),
        },
        "url": f"{api}/commits/{oid}",
        "html_url": f"{page}/commit/{oid}",
        "comments_url": f"{api}/commits/{oid}/comments",
        "author": optional_account(world.urls, world.person_by_email(commit.author.email)),
        "committer": optional_account(world.urls, world.person_by_email(commit.committer.email)),
        "parents": [
            {"sha": parent, "url": f"{api}/commits/{parent}", "html_url": f"{page}/commit/{parent}"}
            for parent in commit.parents
        ],
    }


def commit_with_files(world: World, repository: Repository, oid: str) -> Json:
    """Return one commit with what it changed against its first parent."""
    commit = known_commit(repository.store, oid)
    files = changed_files(repository.store, commit.parents[0] if commit.parents else None, oid)
    additions, deletions = sum(file.additions for file in files), sum(file.deletions for file in files)
    return {
        **commit_shape(world, repository, oid),
        "stats": {"additions": additions, "deletions": deletions, "total": additions + deletions},
        "files": [file_shape(world, repository, file, oid) for file in files[:300]],
    }


def git_commit_shape(world: World, repository: Repository, oid: str) -> Json:
    """Return a commit as the git database calls answer it."""
    commit = known_commit(repository.store, oid)
    api, page = world.urls.repository(repository.full_name), world.urls.page(repository.full_name)
    return {
        "sha": oid,
        "node_id": node_id("Commit", oid),
        "url": f"{api}/git/commits/{oid}",
        "html_url": f"{page}/commit/{oid}",
        "author": _git_user(commit.author),
        "committer": _git_user(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {"sha": parent, "url": f"{api}/git/commits/{parent}", "html_url": f"{page}/commit/{parent}"}
            for parent in commit.parents
        ],
        "verification": verification(repository, commit),
    }


def webhook_commit(world: World, repository: Repository, oid: str) -> Json:
    """Return a commit as push events carry it."""
    commit = known_commit(repository.store, oid)
    files = changed_files(repository.store, commit.parents[0] if commit.parents else None, oid)
    return {
        "id": oid,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": moment(commit.committer.when),
        "url": f"{world.urls.page(repository.full_name)}/commit/{oid}",
        "author": _hook_user(world, commit.author),
        "committer": _hook_user(world, commit.committer),
        "added": [file.path for file in files if file.status in ("added", "renamed", "copied")],
        "removed": [file.previous or file.path for file in files if file.status in ("removed", "renamed")],
        "modified": [file.path for file in files if file.status in ("modified", "changed")],
    }


def simple_commit(repository: Repository, oid: str) -> Json:
    """Return a commit as check suites carry it."""
    commit = known_commit(repository.store, oid)
    return {
        "id": oid,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": moment(commit.committer.when),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def verification(repository: Repository, commit: CommitObject) -> Json:
    """Return what GitHub says about a commit's signature."""
    if commit.oid in repository.server_commits:
        return {
            "verified": True,
            "reason": "valid",
            "signature": "made by the sandbox server",
            "payload": f"tree {commit.tree}",
            "verified_at": moment(commit.committer.when),
        }
    if commit.signature is not None:
        return {
            "verified": False,
            "reason": "unknown_key",
            "signature": commit.signature,
            "payload": f"tree {commit.tree}",
            "verified_at": None,
        }
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def tree_shape(world: World, repository: Repository, oid: str, entries: list[TreeEntry], *, truncated: bool) -> Json:
    """Return a tree listing."""
    api = world.urls.repository(repository.full_name)
    return {
        "sha": oid,
        "url": f"{api}/git/trees/{oid}",
        "tree": [_entry_shape(api, entry) for entry in entries],
        "truncated": truncated,
    }


def blob_shape(world: World, repository: Repository, oid: str, content: bytes) -> Json:
    """Return a blob in base64."""
    return {
        "sha": oid,
        "node_id": node_id("Blob", oid),
        "size": len(content),
        "url": f"{world.urls.repository(repository.full_name)}/git/blobs/{oid}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }


def ref_shape(world: World, repository: Repository, ref: str, oid: str) -> Json:
    """Return a ref, given with its full name."""
    api = world.urls.repository(repository.full_name)
    return {
        "ref": ref,
        "node_id": node_id("Ref", f"{repository.id}:{ref}"),
        "url": f"{api}/git/{quote(ref)}",
        "object": {"sha": oid, "type": "commit", "url": f"{api}/git/commits/{oid}"},
    }


def file_shape(world: World, repository: Repository, file: ChangedFile, head: str) -> Json:
    """Return one changed file."""
    page, path = world.urls.page(repository.full_name), quote(file.path, errors="replace")
    shape: Json = {
        "sha": file.oid,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{page}/blob/{head}/{path}",
        "raw_url": f"{page}/raw/{head}/{path}",
        "contents_url": f"{world.urls.repository(repository.full_name)}/contents/{path}?ref={head}",
    }
    if file.patch is not None:
        shape["patch"] = file.patch
    if file.previous is not None:
        shape["previous_filename"] = file.previous
    return shape


def _entry_shape(api: str, entry: TreeEntry) -> Json:
    shape: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.oid}
    if entry.size is not None:
        shape["size"] = entry.size
    if entry.kind != "commit":
        shape["url"] = f"{api}/git/{entry.kind}s/{entry.oid}"
    return shape


def _git_user(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": moment(signature.when)}


def _hook_user(world: World, signature: Signature) -> Json:
    account = world.person_by_email(signature.email)
    shape: Json = {"name": signature.name, "email": signature.email, "date": moment(signature.when)}
    if account is not None:
        shape["username"] = account.login
    return shape
