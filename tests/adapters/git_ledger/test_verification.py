"""Whatever is done to a copy of the ledger is found and named, or it changed nothing that counts."""

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from controller.adapters.git_ledger import AllowedSigners, GitLedger, SigningKey, VerificationReport, ensure_key, verify
from controller.adapters.git_ledger.command import Git
from controller.adapters.git_ledger.objects import (
    FILE,
    GitObject,
    Item,
    commit_object,
    pack_of,
    read_commit,
    read_tree,
    tree_object,
)
from controller.errors import ConfigurationError, LedgerIntegrityError
from controller.ledger.chain import chain
from controller.ledger.segment import segment_bytes
from tests.fakes.events import event, sample_events

ENTRIES = chain(sample_events(9), None)
MAIN = "refs/heads/main"


@pytest.fixture
def filled(ledger: GitLedger, path: Path) -> Path:
    """Three segments of three entries."""
    for start in (0, 3, 6):
        ledger.append(ENTRIES[start : start + 3])
    return path


def commits(path: Path) -> list[str]:
    """Every commit, oldest first."""
    return Git(path).run("rev-list", "--reverse", MAIN).decode().split()


def test_a_ledger_that_holds(filled: Path, signers: Path) -> None:
    report = verify(filled, signers)
    assert report == VerificationReport(9, ENTRIES[8], commits(filled)[-1], None)
    assert report.is_intact


def test_a_packed_copy_holds_too(filled: Path, signers: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(filled), str(copy)], check=True)
    subprocess.run(["git", "-C", str(copy), "gc", "--quiet"], check=True)
    assert verify(copy, signers).entries == 9


def test_a_packed_ledger_is_gone_on_with(filled: Path, signers: Path, key: SigningKey) -> None:
    Git(filled).run("gc", "--quiet")
    Git(filled).run("pack-refs", "--all")
    other = GitLedger(filled, key)
    other.append(chain([event(10)], ENTRIES[8]))
    assert verify(filled, signers).entries == 10


# What may be flipped at random: every byte of every object, in loose files and in a pack.


def flips(folder: Path, count: int, seed: int) -> list[tuple[Path, int, int]]:
    source = random.Random(seed)  # noqa: S311 - a reproducible choice
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return [
        (file, source.randrange(file.stat().st_size), 1 << source.randrange(8))
        for file in (source.choice(files) for _ in range(count))
    ]


def check_flips(path: Path, signers: Path, count: int, seed: int) -> int:
    """Flip bits, one after another; return how many were found. None may crash, none may change what is read."""
    found = 0
    for file, place, bit in flips(path / "objects", count, seed):
        original = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(original[:place] + bytes([original[place] ^ bit]) + original[place + 1 :])
        report = verify(path, signers)
        file.write_bytes(original)
        found += not report.is_intact
        assert report.fault is not None or report.head == ENTRIES[8], f"{file} {place} {bit}"
    assert verify(path, signers).is_intact
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_any_object_is_found_or_harmless(filled: Path, signers: Path, seed: int) -> None:
    """Harmless is, for example, how hard the compressor says it tried."""
    assert check_flips(filled, signers, 40, seed) >= 25


def test_a_flipped_bit_in_a_pack_is_found_or_harmless(filled: Path, signers: Path) -> None:
    Git(filled).run("gc", "--quiet")
    assert check_flips(filled, signers, 40, 7) >= 10


@pytest.mark.parametrize("name", ["HEAD", "config", "refs/heads/main"])
def test_a_flipped_byte_in_what_names_the_objects_is_found_or_harmless(filled: Path, signers: Path, name: str) -> None:
    file = filled / name
    original = file.read_bytes()
    for place in range(0, len(original), 3):
        file.write_bytes(original[:place] + bytes([original[place] ^ 0x11]) + original[place + 1 :])
        report = verify(filled, signers)
        assert report.fault is not None or report.head == ENTRIES[8]
        assert report.fault is not None or name != "refs/heads/main" or place == len(original) - 1
        file.write_bytes(original)


def object_file(path: Path, object_id: str) -> Path:
    return path / "objects" / object_id[:2] / object_id[2:]


def segment_blob(path: Path, number: int) -> str:
    listed = Git(path).run("ls-tree", "-r", MAIN).decode().splitlines()
    return [line.split()[2] for line in listed if line.endswith(".jsonl")][number]


@pytest.mark.parametrize("number", range(3))
def test_a_damaged_segment_is_named_with_its_first_entry(filled: Path, signers: Path, number: int) -> None:
    file = object_file(filled, segment_blob(filled, number))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-9] + b"\0" * 9)
    report = verify(filled, signers)
    assert report.fault is not None
    first = 1 + 3 * number
    assert (report.fault.sequence, report.entries) == (first, first - 1)
    assert report.fault.location == f"ledger/2026/11/21/{first:012}.jsonl:1"
    assert report.fault.commit == commits(filled)[number + 1]


@pytest.mark.parametrize("number", range(3))
def test_a_damaged_commit_is_named_with_the_entries_it_sealed(filled: Path, signers: Path, number: int) -> None:
    damaged = commits(filled)[number + 1]
    file = object_file(filled, damaged)
    file.chmod(0o644)
    file.write_bytes(b"nonsense")
    report = verify(filled, signers)
    assert report.fault is not None
    assert report.fault.commit == damaged
    assert report.fault.sequence == (None if number == 2 else 1 + 3 * number)


# What somebody does who knows the format and even holds the key.


def put(path: Path, *objects: GitObject) -> str:
    Git(path).run("unpack-objects", "-q", content=pack_of(objects))
    Git(path).run("update-ref", MAIN, objects[-1].id)
    return objects[-1].id


def tree_of(path: Path, commit: str) -> dict[str, Item]:
    with Git(path).objects() as reader:
        return read_tree(reader.read(read_commit(reader.read(commit, "commit")).tree, "tree"))


def sealed(path: Path, key: SigningKey, files: dict[str, bytes], parent: str | None = None) -> str:
    """Put a commit on top of `parent` (the tip) whose tree has `files` instead of what it had there."""
    parent = parent or commits(path)[-1]
    root = tree_of(path, parent)
    for name, content in files.items():
        *folders, leaf = name.split("/")
        trees = [root]
        for folder in folders:
            known = trees[-1].get(folder)
            with Git(path).objects() as reader:
                trees.append({} if known is None else read_tree(reader.read(known.id, "tree")))
        objects = [GitObject("blob", content)]
        item = Item(FILE, objects[0].id)
        for tree in reversed(trees[1:]):
            objects.append(tree_object({**tree, leaf: item}))
            leaf, item = folders.pop(), Item("40000", objects[-1].id)
        Git(path).run("unpack-objects", "-q", content=pack_of(objects))
        root = {**root, leaf: item}
    top = tree_object(root)
    return put(path, top, commit_object(top.id, parent, seconds=0, message="x\n", key=key))


NEXT = chain([event(10)], ENTRIES[8])
DAY = "ledger/2026/11/21"


def changed_segment(path: Path, key: SigningKey) -> None:
    forged = (replace(ENTRIES[0], event=event(77)), *ENTRIES[1:3])
    sealed(path, key, {f"{DAY}/000000000001.jsonl": segment_bytes(forged)})


def two_segments(path: Path, key: SigningKey) -> None:
    after = chain([event(11)], NEXT[-1])
    sealed(
        path, key, {f"{DAY}/000000000010.jsonl": segment_bytes(NEXT), f"{DAY}/000000000011.jsonl": segment_bytes(after)}
    )


def another_file(path: Path, key: SigningKey) -> None:
    sealed(path, key, {"README.md": b"hello"})


def new_signers(path: Path, key: SigningKey) -> None:
    sealed(path, key, {"allowed_signers": b"* ssh-ed25519 AAAA"})


def nothing_new(path: Path, key: SigningKey) -> None:
    tree = tree_object(tree_of(path, commits(path)[-1]))
    put(path, tree, commit_object(tree.id, commits(path)[-1], seconds=0, message="x\n", key=key))


def another_link(path: Path, key: SigningKey) -> None:
    sealed(
        path, key, {f"{DAY}/000000000010.jsonl": segment_bytes(chain([event(10)], chain([event(5)], ENTRIES[7])[0]))}
    )


def a_gap(path: Path, key: SigningKey) -> None:
    sealed(path, key, {f"{DAY}/000000000011.jsonl": segment_bytes(chain(sample_events(2, 10), ENTRIES[8])[1:])})


def the_wrong_day(path: Path, key: SigningKey) -> None:
    sealed(path, key, {"ledger/2026/11/22/000000000010.jsonl": segment_bytes(NEXT)})


def not_canonical(path: Path, key: SigningKey) -> None:
    spaced = json.dumps(json.loads(segment_bytes(NEXT))).encode() + b"\n"
    sealed(path, key, {f"{DAY}/000000000010.jsonl": spaced})


def a_dropped_segment(path: Path, key: SigningKey) -> None:
    tip, root = commits(path)[-1], tree_of(path, commits(path)[0])
    tree = tree_object(root)
    put(path, tree, commit_object(tree.id, tip, seconds=0, message="x\n", key=key))


def another_beginning(path: Path, key: SigningKey) -> None:
    tree = tree_object(tree_of(path, commits(path)[-1]))
    put(path, tree, commit_object(tree.id, None, seconds=0, message="x\n", key=key))


def another_principal(path: Path, key: SigningKey) -> None:
    """ATTACKS 061."""
    sealed(path, replace(key, principal="mallory@example.com"), {f"{DAY}/000000000010.jsonl": segment_bytes(NEXT)})


def another_key(path: Path, key: SigningKey) -> None:
    """ATTACKS 061, 062."""
    other = ensure_key(path.parent / "other", key.principal)
    sealed(path, other, {f"{DAY}/000000000010.jsonl": segment_bytes(NEXT)})


def amended(path: Path, change: Callable[[bytes], bytes]) -> None:
    tip = commits(path)[-1]
    with Git(path).objects() as reader:
        content = reader.read(tip, "commit")
    put(path, GitObject("commit", change(content)))


def unsigned(path: Path, key: SigningKey) -> None:
    """ATTACKS 062."""

    def strip(content: bytes) -> bytes:
        head, _, rest = content.partition(b"gpgsig ")
        return head + rest.partition(b"-----END SSH SIGNATURE-----\n")[2]

    amended(path, strip)


def signed_by_gpg(path: Path, key: SigningKey) -> None:
    """ATTACKS 062."""
    amended(path, lambda content: content.replace(b"SSH SIGNATURE", b"PGP SIGNATURE"))


def another_message(path: Path, key: SigningKey) -> None:
    amended(path, lambda content: content + b"and more\n")


def another_time(path: Path, key: SigningKey) -> None:
    amended(path, lambda content: content.replace(b" +0000\ncommitter", b"1 +0000\ncommitter"))


def a_merge(path: Path, key: SigningKey) -> None:
    first = commits(path)[0].encode()
    amended(path, lambda content: content.replace(b"\nauthor", b"\nparent " + first + b"\nauthor"))


def signed_for_files(path: Path, key: SigningKey) -> None:
    """ATTACKS 061: made by the right key, with ssh-keygen, for another purpose."""
    tip = commits(path)[-1]
    with Git(path).objects() as reader:
        content = reader.read(tip, "commit")
    payload = path.parent / "payload"
    payload.write_bytes(read_commit(content).payload)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", str(path.parent / "key"), str(payload)],
                   check=True, capture_output=True)  # fmt: skip
    signature = (path.parent / "payload.sig").read_bytes().rstrip(b"\n").replace(b"\n", b"\n ")
    before, _, rest = content.partition(b"gpgsig ")
    behind = rest.partition(b"-----END SSH SIGNATURE-----")[2]
    put(path, GitObject("commit", before + b"gpgsig " + signature + behind))


FORGERIES = [
    (changed_segment, 10), (two_segments, 10), (another_file, 10), (new_signers, 10), (nothing_new, 10),
    (another_link, 10), (a_gap, 10), (the_wrong_day, 10), (not_canonical, 10), (a_dropped_segment, 10),
    (another_beginning, 1), (another_principal, 10), (another_key, 10), (unsigned, None), (signed_by_gpg, None),
    (another_message, 7), (another_time, 7), (a_merge, None), (signed_for_files, 7),
]  # fmt: skip


@pytest.mark.parametrize(("forge", "sequence"), [pytest.param(*each, id=each[0].__name__) for each in FORGERIES])
def test_a_forgery_is_found_and_named(
    filled: Path, key: SigningKey, signers: Path, forge: Callable[[Path, SigningKey], None], sequence: int | None
) -> None:
    before = GitLedger(filled, key)
    assert before.head() == ENTRIES[8]
    forge(filled, key)
    report = verify(filled, signers)
    assert report.fault is not None
    assert report.fault.sequence == sequence
    assert str(report.fault)
    with pytest.raises(LedgerIntegrityError, match="does not hold"):
        GitLedger(filled, key).head()
    with pytest.raises(LedgerIntegrityError, match="does not hold"):
        before.head()


def test_a_ledger_cut_and_signed_anew_is_found_by_what_was_seen_before(
    ledger: GitLedger, filled: Path, key: SigningKey, signers: Path
) -> None:
    """ATTACKS 066."""
    anchor = ENTRIES[8].digest
    assert verify(filled, signers, anchor).is_intact
    assert verify(filled, signers, ENTRIES[4].digest).is_intact
    Git(filled).run("update-ref", MAIN, commits(filled)[2])
    GitLedger(filled, key).append(chain(sample_events(3, 50), ENTRIES[5]))
    assert verify(filled, signers).is_intact
    report = verify(filled, signers, anchor)
    assert report.fault is not None
    assert anchor in report.fault.expected


def test_replaced_and_grafted_objects_change_nothing(filled: Path, signers: Path) -> None:
    """Git would show another history; what is read here are the objects themselves."""
    git, all_commits = Git(filled), commits(filled)
    git.run("replace", all_commits[-1], all_commits[1])
    (filled / "info").mkdir(exist_ok=True)
    (filled / "info" / "grafts").write_text(f"{all_commits[-1]} {all_commits[0]}\n")
    (filled / "shallow").write_text(all_commits[-1] + "\n")
    assert verify(filled, signers).head == ENTRIES[8]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nobody"),
        pytest.param("ledger@dvo {key}", id="no namespace"),
        pytest.param('* namespaces="git" {key}', id="anybody"),
        pytest.param('ledger@dvo,*@evil namespaces="git" {key}', id="several principals"),
        pytest.param('ledger@dvo namespaces="git,file" {key}', id="two namespaces"),
        pytest.param('ledger@dvo cert-authority,namespaces="git" {key}', id="authority"),
        pytest.param('ledger@dvo namespaces="git" ssh-rsa AAAA', id="RSA"),
        pytest.param('ledger@dvo namespaces="git" ssh-ed25519 AAA', id="no base64"),
        pytest.param('ledger@dvo namespaces="git" ssh-ed25519 AAAA', id="no key"),
        pytest.param('ledger@dvo namespaces="git" {key}\nother@dvo namespaces="git" {key}', id="one key twice"),
        pytest.param("é", id="not ASCII"),
    ],
)
def test_signers_that_would_allow_others_are_refused(filled: Path, signers: Path, line: str) -> None:
    """ATTACKS 061."""
    key = signers.read_text().split(" ", 2)[2].strip()
    signers.write_text(line.format(key=key) + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        verify(filled, signers)


def test_older_keys_stay_valid_beside_the_new_one(
    ledger: GitLedger, filled: Path, tmp_path: Path, signers: Path
) -> None:
    new = ensure_key(tmp_path / "new", "ledger-2027@dvo")
    signers.write_text("# both\n" + signers.read_text() + new.allowed_signers.text)
    both = AllowedSigners.from_text(signers.read_text())
    GitLedger(filled, new, both).append(NEXT)
    assert verify(filled, signers).entries == 10


def test_nothing_to_verify_is_said(tmp_path: Path, signers: Path, filled: Path) -> None:
    with pytest.raises(ConfigurationError):
        verify(tmp_path / "nowhere", signers)
    with pytest.raises(ConfigurationError):
        verify(filled, tmp_path / "nobody")
    (tmp_path / "empty").mkdir()
    assert not verify(tmp_path / "empty", signers).is_intact
    Git(tmp_path / "bare.git").initialise()
    assert not verify(tmp_path / "bare.git", signers).is_intact


def test_a_copy_is_enough(filled: Path, signers: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    shutil.rmtree(filled)
    assert verify(tmp_path / "copy", signers).entries == 9
