"""Fixtures of the token tests."""

import pytest

from tests.auth.world import World


@pytest.fixture
def world() -> World:
    """A fresh world."""
    return World()


@pytest.fixture(scope="session")
def lasting_world() -> World:
    """A world for tests that change nothing in it."""
    return World()
