"""A health centre of the child's township, whose answers come from police and from health's own system."""

import time
from typing import Any

import httpx

from schema.vocabulary import Department, Level, Role
from tests.demo_city import DemoCity
from tests.fault.wire import codes_of

__all__ = ["Clinic", "source_row"]

DOCUMENT = "query($id: ID!) { migrant(id: $id) { name birthDate health { immunisations { vaccine dose givenOn } } } }"


class Clinic:
    """Asks about the child of its township."""

    def __init__(self, city: DemoCity) -> None:
        self.city = city
        self._token, self._headers = city.clerk(
            "child",
            department=Department.HEALTH,
            roles=(Role.CASE_OFFICER,),
            purpose="immunisation",
            level=Level.TOWNSHIP,
            jurisdiction=city.cast.members["child"].residence_division[:9],
        )

    def ask(self) -> httpx.Response:
        """What police and health hold of the child."""
        variables = {"id": self.city.id_of(Department.HEALTH, "child")}
        return self.city.post(DOCUMENT, variables, self._token, self._headers)

    def wait_until_whole(self) -> None:
        """Until health answers again (its breaker closes after five seconds)."""
        deadline = time.monotonic() + 20
        while (told := self.ask()).json().get("errors") and time.monotonic() < deadline:
            time.sleep(0.2)
        assert codes_of(told) == {}
        assert len(told.json()["data"]["migrant"]["health"]["immunisations"]) > 10


def source_row(response: httpx.Response, department: str) -> dict[str, Any]:
    """How a department's part of an answer went."""
    (row,) = [one for one in response.json()["extensions"]["sources"] if one["department"] == department]
    return dict(row)
