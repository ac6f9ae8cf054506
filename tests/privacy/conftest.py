"""The packaged policies, loaded once; and a book without any restraint."""

import pytest

from privacy.policybook import PolicyBook, load_policies
from tests.privacy.books import allow_all


@pytest.fixture(scope="session")
def book() -> PolicyBook:
    """The packaged policies."""
    return load_policies()


@pytest.fixture(scope="session")
def allow_all_book(tmp_path_factory: pytest.TempPathFactory) -> PolicyBook:
    """Every owner allows everything."""
    return allow_all(tmp_path_factory.mktemp("allow-all"))
