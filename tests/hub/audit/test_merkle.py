"""RFC 6962 trees: pinned to Certificate Transparency's vectors, and lawful for all sizes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The test vectors of the certificate-transparency repositories (merkle/testonly, Apache-2.0).
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
NODE_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
NODE_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
INCLUSION = [
    (0, 8, [LEAF_1, NODE_2_3, NODE_4_7]),
    (5, 8, [LEAF_4, NODE_6_7, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], NODE_2_3, LEAF_4]),
    (0, 1, []),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [LEAF_1, NODE_2_3, NODE_4_7]),
    (6, 8, [NODE_4_5, NODE_6_7, ROOTS[4]]),
    (2, 5, [NODE_2_3, LEAF_4]),
]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]

sizes = st.integers(min_value=1, max_value=70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def unhex(hashes: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in hashes]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH, written as RFC 6962 section 2.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_roots_match_the_public_vectors() -> None:
    """Roots of the trees of 0 to 8 leaves are those of the Certificate Transparency test data."""
    assert [tree_root(LEAVES[:size]).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_match_the_public_vectors(index: int, size: int, path: list[str]) -> None:
    """Inclusion proofs are the published ones and verify against the published roots."""
    assert inclusion_proof(LEAVES[:size], index) == unhex(path)
    assert verify_inclusion(LEAVES[index], index, size, unhex(path), bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "size", "path"), CONSISTENCY)
def test_consistency_proofs_match_the_public_vectors(old: int, size: int, path: list[str]) -> None:
    """Consistency proofs are the published ones and verify against the published roots."""
    assert consistency_proof(LEAVES[:size], old) == unhex(path)
    assert verify_consistency(old, size, unhex(path), bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size]))


@given(st.integers(min_value=0, max_value=200))
def test_compact_range_is_the_recursive_definition(size: int) -> None:
    """A tree grown leaf by leaf has the root that the RFC's recursion gives, and a copy grows on its own."""
    leaves = leaves_of(size)
    tree = CompactRange(leaves)
    copy = tree.copy()
    copy.append(leaf_hash(b"more"))
    assert tree.size == size
    assert tree.root() == naive_root(leaves)
    assert copy.root() == naive_root([*leaves, leaf_hash(b"more")])


@given(sizes, st.data())
def test_every_leaf_is_provable_and_no_other(size: int, data: st.DataObject) -> None:
    """Every leaf's proof verifies at its own index; another index, leaf, size, root or length does not."""
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves = leaves_of(size)
    root, proof = tree_root(leaves), inclusion_proof(leaves, index)
    leaf = leaves[index]
    assert verify_inclusion(leaf, index, size, proof, root)
    other = data.draw(st.integers(min_value=-1, max_value=size))
    assert other == index or not verify_inclusion(leaf, other, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, leaf_hash(b"other"))
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not proof or not verify_inclusion(leaf, index, size, proof[:-1], root)


@given(sizes, st.data())
def test_every_past_is_provable_and_no_other(size: int, data: st.DataObject) -> None:
    """Every earlier tree is shown to be a prefix; a tree with another past is not."""
    old = data.draw(st.integers(min_value=0, max_value=size))
    leaves = leaves_of(size)
    proof = consistency_proof(leaves, old)
    old_root, root = tree_root(leaves[:old]), tree_root(leaves)
    assert verify_consistency(old, size, proof, old_root, root)
    assert not verify_consistency(old, size, proof, leaf_hash(b"fork"), root)
    assert not verify_consistency(old, size, [*proof, root], old_root, root)
    assert old == 0 or not verify_consistency(old, size, proof, old_root, leaf_hash(b"fork"))
    if proof:
        assert not verify_consistency(old, size, proof[:-1], old_root, root)
        assert not verify_consistency(old, size, [leaf_hash(b"x"), *proof[1:]], old_root, root)


def test_proofs_outside_the_tree_are_refused() -> None:
    """There is no proof of a leaf or a past that the tree does not have."""
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES, 9)
    assert not verify_consistency(9, 8, [], EMPTY_ROOT, EMPTY_ROOT)
