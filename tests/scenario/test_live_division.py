"""Below county level the division of residence is fetched live; without police nobody lives here, and it is said."""

import httpx

from connectors.contract import NEVER_KEY
from schema.ids import SectorId
from schema.vocabulary import Department, Level, Role, Source
from tests.demo_city import DemoCity
from tests.watched_hub import WatchedHub

DOCUMENT = "query($id: ID!) { migrant(id: $id) { health { immunisations { vaccine } } } }"


def clinic(city: DemoCity, watched: WatchedHub, member: str) -> httpx.Response:
    """A clinic of the child's township asks for health's own rows."""
    subject: SectorId = city.id_of(Department.HEALTH, member)
    token, headers = city.clerk(
        department=Department.HEALTH,
        roles=(Role.CASE_OFFICER,),
        purpose="immunisation",
        level=Level.TOWNSHIP,
        jurisdiction=city.cast.members["child"].residence_division[:9],
    )
    return watched.ask(DOCUMENT, {"id": subject}, token, headers)


def test_the_division_costs_one_call_more(city: DemoCity, watched: WatchedHub) -> None:
    """Police are asked for the division and nothing else, before health is."""
    told = clinic(city, watched, "child").json()
    assert told["data"]["migrant"]["health"]["immunisations"]
    assert [(call.source, call.what, call.columns) for call in watched.calls] == [
        (Source.POLICE, "police.persons", ("residence_division",)),
        (Source.HEALTH, "health.immunisations", ("vaccine",)),
    ]


def test_without_police_everybody_seems_to_live_elsewhere(city: DemoCity, watched: WatchedHub) -> None:
    """While police are away nothing is shown, the same for residents and others, and the answer says who is away."""
    bodies = []
    for member in ("child", "worker"):
        with watched.without(Source.POLICE):
            told = clinic(city, watched, member).json()
        assert told["data"] == {"migrant": {"health": {"immunisations": []}}}
        assert {key for call in watched.calls for key in call.keys if call.source is Source.HEALTH} == {NEVER_KEY}
        rows = {one["department"]: one["status"] for one in told["extensions"]["sources"]}
        assert rows == {"health": "ok", "police": "unavailable"}
        bodies.append([told.keys(), told["extensions"]["markers"]])
    assert bodies[0] == bodies[1]
