"""The demo's agreements."""

from datetime import UTC, datetime
from pathlib import Path

from hub.demo.agreements import LINKAGE_AGREEMENT, MIGRANTS_AGREEMENT, MIGRANTS_DOCUMENT, write_demo_agreements
from privacy.agreements import load_agreements
from privacy.keys import KeyRing
from privacy.policybook import load_policies

RING = KeyRing.from_seed(b"d" * 32)
END = datetime(2027, 11, 22, tzinfo=UTC)


def test_demo_agreements_can_be_loaded(tmp_path: Path) -> None:
    """Both agreements verify, compile and are listings of the city; writing them again changes nothing."""
    folder = tmp_path / "agreements"
    written = write_demo_agreements(folder, RING.signer("agreement"), jurisdiction="3205", expires=END)
    first = [path.read_bytes() for path in written]
    assert write_demo_agreements(folder, RING.signer("agreement"), jurisdiction="3205", expires=END) == written
    assert [path.read_bytes() for path in written] == first
    found = load_agreements(folder, RING.public_keys("agreement"), load_policies())
    assert set(found) == {MIGRANTS_AGREEMENT, LINKAGE_AGREEMENT}
    assert all(agreement.listing and agreement.jurisdiction == "3205" for agreement in found.values())


def test_linkage_asks_for_identity_and_county(tmp_path: Path) -> None:
    """The linkage agreement covers four identity columns and the counties for routing, and nothing else."""
    write_demo_agreements(tmp_path, RING.signer("agreement"), jurisdiction="3205", expires=END)
    found = load_agreements(tmp_path, RING.public_keys("agreement"), load_policies())
    assert found[LINKAGE_AGREEMENT].fields == {
        "Migrant.documentKind",
        "Migrant.idNumber",
        "Migrant.name",
        "Migrant.birthDate",
        "Hukou.county",
        "Residence.county",
    }
    assert found[MIGRANTS_AGREEMENT].document == MIGRANTS_DOCUMENT
