"""The GraphQL documents of the demo's callers. Each asks for more than it may have, on purpose."""

from typing import Final

__all__ = ["ENROLMENT", "IMMUNISATION", "INSURANCE_TRANSFER", "LOOKUP", "PERMIT_APPLICATION", "SELF"]

LOOKUP: Final = """\
query Find($kind: DocumentKind!, $number: String!, $name: String!) {
  lookup(documentKind: $kind, number: $number, name: $name) { id }
}
"""

ENROLMENT: Final = """\
query Enrolment($child: ID!, $first: ID!, $second: ID!, $name: String!, $birthDate: Date!) {
  child: migrant(id: $child) {
    name
    birthDate
    residence { address }
    health { immunisations { vaccine dose givenOn } }
    checks {
      identityMatches(name: $name, birthDate: $birthDate) { answer asOf source }
      residentHalfYear { answer source }
      immunisationComplete { answer source }
    }
  }
  firstGuardian: migrant(id: $first) { ...Guardian }
  secondGuardian: migrant(id: $second) { ...Guardian }
}

fragment Guardian on Migrant {
  name
  idNumber
  humanResources { employments { employerName startedOn } }
  checks {
    guardianOf(child: $child) { answer source }
    residentHalfYear { answer source }
    permitValid { answer source }
    employedNow { answer source }
    insuredMonths(period: MONTHS_12) { answer source }
  }
}
"""

INSURANCE_TRANSFER: Final = """\
query InsuranceTransfer($person: ID!, $name: String!, $birthDate: Date!) {
  migrant(id: $person) {
    name
    birthDate
    idNumber
    residence { county { name } address }
    humanResources {
      employments { employerName occupation startedOn endedOn }
      socialInsurances { kind status monthsPaid lastPaidMonth contributionBase }
    }
    health { enrolments { institution } }
    civilAffairs { marriageRegistrations { status } }
    checks {
      identityMatches(name: $name, birthDate: $birthDate) { answer source }
      permitValid { answer source }
    }
  }
}
"""

IMMUNISATION: Final = """\
query Immunisation($child: ID!, $first: ID!, $second: ID!) {
  child: migrant(id: $child) {
    name
    birthDate
    idNumber
    residence { division { code name } address }
    health {
      immunisations { vaccine dose givenOn institution }
      enrolments { institution enrolledOn status }
    }
    police { residencePermits { status } }
  }
  firstGuardian: migrant(id: $first) { name checks { guardianOf(child: $child) { answer source } } }
  secondGuardian: migrant(id: $second) { name checks { guardianOf(child: $child) { answer source } } }
}
"""

PERMIT_APPLICATION: Final = """\
query PermitApplication($applicant: ID!) {
  migrant(id: $applicant) {
    name
    sex
    birthDate
    idNumber
    hukou { county { name } kind }
    residence { division { name } address since }
    maritalStatus
    police {
      residenceRegistrations { division { name } registeredOn expectedUntil reason }
      residencePermits { number status validUntil }
    }
    humanResources { employments { employerName } socialInsurances { kind monthsPaid } }
    health { enrolments { institution } services { item providedOn } maternityServices { item } }
    business { licences { name status } }
    checks {
      employedNow { answer asOf source }
      insuredMonths(period: MONTHS_6) { answer source }
      licenceActive { answer source }
      enrolledWithHealth { answer source }
    }
  }
}
"""

SELF: Final = """\
query Self {
  me {
    name
    sex
    birthDate
    idNumber
    ethnicity { name }
    hukou { county { name } kind }
    residence { division { name } address since }
    maritalStatus
    police { residenceRegistrations { address registeredOn cancelledOn } residencePermits { number status validUntil } }
    civilAffairs { marriageRegistrations { status registeredOn spouse { name } } }
    humanResources {
      employments { employerName startedOn endedOn }
      socialInsurances { kind status monthsPaid contributionBase }
    }
    health { enrolments { institution status } immunisations { vaccine dose givenOn } }
    business { licences { name status role } }
  }
}
"""
