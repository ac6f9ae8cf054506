"""What an answer leaves behind: its receipt's record for the auditor, and the look-up in the person's own list."""

import json
from typing import Any

import httpx

from schema.vocabulary import Department, Role
from tests.demo_city import DemoCity

DOCUMENT = "query($id: ID!) { migrant(id: $id) { name birthDate idNumber health { enrolments { status } } } }"
LOOKUP = """query($kind: DocumentKind!, $number: String!, $name: String!) {
  lookup(documentKind: $kind, number: $number, name: $name) { name checks { permitValid { answer } } }
}"""


def transfer(city: DemoCity, document: str, variables: dict[str, Any]) -> httpx.Response:
    """Human resources ask about somebody."""
    token, headers = city.clerk(
        department=Department.HUMAN_RESOURCES, roles=(Role.CASE_OFFICER,), purpose="social-insurance"
    )
    return city.post(document, variables, token, headers)


def papers(city: DemoCity, member: str) -> dict[str, Any]:
    """What a member of the cast shows at the counter."""
    one = city.cast.members[member]
    return {"kind": one.document_kind, "number": one.number, "name": one.name}


def accesses(city: DemoCity, member: str) -> list[dict[str, Any]]:
    """What the person may read of who looked at them."""
    told = city.run("audit", "subject", city.id_of(Department.PERSON, member), "--department", "person", "--json")
    return list(json.loads(told.output))


def test_the_receipt_leads_to_the_record(city: DemoCity) -> None:
    """`extensions.receipt.id` is the record's id; the record says who asked for what and why, nothing of the answer."""
    response = transfer(city, DOCUMENT, {"id": city.id_of(Department.HUMAN_RESOURCES, "worker")})
    receipt = response.json()["extensions"]["receipt"]
    rows = json.loads(city.run("audit", "show", "--limit", "50", "--json").output)
    (record,) = [row for row in rows if row["record_id"] == receipt["id"]]
    assert (record["event"], record["department"], record["roles"]) == ("look-up", "human-resources", ["case-officer"])
    assert (record["purpose"], record["basis"]) == ("social-insurance", "; ".join(receipt["basis"]))
    assert record["policy"] == receipt["policyVersion"]
    assert record["fields"]["READ"] == ["Migrant.birthDate", "Migrant.name"]
    assert record["fields"]["MASK"] == ["Migrant.idNumber"]
    assert record["fields"]["WITHHOLD"] == ["HealthEnrolment.status"]
    assert record["statuses"] == {"police": "ok"}
    assert (record["subjects"], record["officer"]) == (1, "officer-7")
    worker = city.cast.members["worker"]
    assert not any(value in json.dumps(record, ensure_ascii=False) for value in (worker.name, worker.number))


def test_a_person_sees_who_looked(city: DemoCity) -> None:
    """`hub audit subject` lists the look-up for the person looked at, and for nobody else."""
    response = transfer(city, LOOKUP, papers(city, "applicant"))
    receipt = response.json()["extensions"]["receipt"]["id"]
    (seen,) = [one for one in accesses(city, "applicant") if one["record_id"] == receipt]
    assert (seen["department"], seen["purpose"]) == ("human-resources", "social-insurance")
    assert "officer" not in seen
    assert receipt not in {one["record_id"] for one in accesses(city, "secondGuardian")}


def test_a_protected_person_sees_who_looked_in_vain(city: DemoCity) -> None:
    """A look-up that was answered as if nobody knew her is in her list all the same."""
    who = (city.id_of(Department.PERSON, "protected"), "--department", "person")
    with city.given("subject", "protect", *who, undone_by=("subject", "unprotect", *who)):
        response = transfer(city, LOOKUP, papers(city, "protected"))
    assert response.json()["data"]["lookup"]["name"] is None
    receipt = response.json()["extensions"]["receipt"]["id"]
    assert receipt in {one["record_id"] for one in accesses(city, "protected")}


def test_a_look_up_of_nobody_is_recorded_too(city: DemoCity) -> None:
    """Who asks for somebody whom nobody knows leaves a record like any other."""
    response = transfer(city, LOOKUP, {**papers(city, "worker"), "name": "査無此人"})
    assert response.json()["extensions"]["receipt"]["id"] in city.receipts(50)


def test_refusals_are_recorded_folded(city: DemoCity) -> None:
    """What is refused as a whole is counted by client and code, and stands in the log when the hub has stopped."""
    token, headers = city.clerk("child", client="refused-often")
    for _ in range(3):
        city.post("query { me { name } }", {}, token, headers)
    city.stop_hub()
    city.start_hub()
    rows = json.loads(city.run("audit", "show", "--event", "denial", "--limit", "1000", "--json").output)
    assert {"code": "FIELD_REFUSED", "count": "3"} in [
        row["detail"] for row in rows if row["client"] == "refused-often"
    ]
