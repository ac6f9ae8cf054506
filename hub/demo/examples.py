"""Ready examples for the query page of a demo: the scenarios' documents with fresh tokens."""

from collections.abc import Callable

from hub.clock import now
from hub.config import Settings
from hub.console.page import Example
from hub.demo.cast import DemoCast, read_cast
from hub.demo.issuer import DemoIssuer
from hub.demo.scenarios import SCENARIOS, Scenario

__all__ = ["demo_examples"]


def demo_examples(settings: Settings) -> Callable[[], tuple[Example, ...]]:
    """Examples made anew at each request, so that their tokens are fresh; none in production or before a demo."""
    cast = None if settings.production else read_cast(settings.state_dir)
    if cast is None:
        return tuple
    issuer = DemoIssuer.open(settings.state_dir)
    return lambda: tuple(_example(one, cast, issuer, settings.audience) for one in SCENARIOS)


def _example(scenario: Scenario, cast: DemoCast, issuer: DemoIssuer, audience: str) -> Example:
    ids = cast.ids[scenario.department.value]
    return Example(
        title=scenario.title,
        title_zh=scenario.title_zh,
        document=scenario.document,
        variables=scenario.variables(ids, cast.members),
        purpose=scenario.purpose,
        case=scenario.reference or "",
        agreement=scenario.agreement or "",
        token=issuer.mint(scenario.token(ids, cast.members, 60), audience=audience, now=now()),
    )
