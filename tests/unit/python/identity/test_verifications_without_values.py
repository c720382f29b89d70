import logging
from dataclasses import replace

import pytest

from careledger.errors import CareLedgerError
from careledger.identity.consent.terms import ConsentStatus
from careledger.identity.credentials import errors
from tests.worlds.identity import credential_stage as stage
from tests.worlds.identity.companies import CompanyStore

VALUES = {
    "given_name": "Xiomara-Distinctive",
    "family_name": "Quetzalcoatl-Distinctive",
    "birthdate": "1971-03-29",
    "email": "xiomara@distinctive.example",
    "income": 73_519_846,
    "age_over_18": True,
    "height": 183.4567,
    "address": {"street": "Calle Distintiva 4711", "country": "ZZ"},
    "nationalities": ["Erewhonian", "Utopian"],
}
TRACES = [
    "Xiomara",
    "Quetzalcoatl",
    "1971-03-29",
    "xiomara@",
    "73519846",
    "73_519_846",
    "183.4567",
    "Distintiva",
    "4711",
    "Erewhonian",
    "Utopian",
    "8214973",
]


def spoiled(presentation, at):
    """Change one character of a presentation."""
    return presentation[:at] + ("A" if presentation[at] != "A" else "B") + presentation[at + 1 :]


def test_no_value_reaches_the_database_a_log_or_a_message(tmp_path, caplog):
    for logger in ("", "sqlalchemy", "urllib3", "web3"):
        caplog.set_level(logging.DEBUG, logger)
    company = CompanyStore(tmp_path / "store" / "company.db")
    kept = [*VALUES, ["address", "street"], ["address", "country"], ["nationalities", None]]
    credential = stage.issued(claims=VALUES, disclosable=kept, subject="customer-8214973")
    paths = [
        "given_name",
        "birthdate",
        "email",
        "income",
        "height",
        ["address", "street"],
        ["nationalities", None],
    ]
    verified, expected = company.answer(credential, *paths, "age_over_18")
    assert verified.get("given_name") == VALUES["given_name"], "the company does see the values"
    assert verified.subject == "customer-8214973"
    expected = replace(expected, claims=paths)
    result = company.verifications.record(verified, expected, {"birthdate": True, "income": False})
    said = [repr(verified), repr(result), repr(company.verifications.read(result.id))]

    refused = 0
    verifier = stage.verifier(consents=company.consents)
    again = [
        company.presentation,
        *(spoiled(company.presentation, at) for at in range(0, len(company.presentation), 29)),
    ]
    wanted = [
        expected,
        replace(expected, nonce="x"),
        replace(expected, audience="x"),
        replace(expected, type="x"),
    ]
    for text, asked in [
        *((text, expected) for text in again[1:]),
        *((again[0], asked) for asked in wanted[1:]),
    ]:
        with pytest.raises(CareLedgerError) as refusal:
            company.verifications.record(verifier.verify(text, asked, company.consent), asked)
        said.append(repr(refusal.value) + repr(refusal.value.__cause__))
        refused += 1
    for attempt in (
        lambda: company.verifications.record(verified, expected),
        lambda: company.verifications.record(
            verified, replace(expected, claims=[]), {"given_name": True}
        ),
        lambda: company.verifications.read("Nobody"),
    ):
        with pytest.raises(CareLedgerError) as refusal:
            attempt()
        said.append(repr(refusal.value))
    for change in ({"status": ConsentStatus.REVOKED}, {"epoch": 9}):
        company.consents.change(company.consent, **change)
        with pytest.raises(errors.ConsentError) as refusal:
            company.verifications.read(result.id)
        said.append(repr(refusal.value))

    assert refused > 50
    assert "INSERT INTO identity_verifications" in caplog.text, "the log of the database was on"
    stored = company.bytes()
    assert b"given_name" in stored
    assert result.presentation_hash in stored
    text = "\n".join(said) + caplog.text
    for trace in TRACES:
        assert trace.encode() not in stored, trace
        assert trace not in text, trace
        for width in (trace.encode("utf-16-le"), trace.encode().hex().encode()):
            assert width not in stored, trace
    for disclosure in company.presentation.split("~")[1:-1]:
        assert disclosure.encode() not in stored
        assert disclosure not in text
