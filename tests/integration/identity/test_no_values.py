"""A whole reading on a real chain, everything logged: no value is in the company's files, its logs
or its messages.
"""

import logging
from datetime import timedelta

import pytest

from careledger.errors import CareLedgerError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.messages import KeySigner
from careledger.identity.credentials import errors
from careledger.identity.credentials.did_keys import DidKeys, present
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.did.did import format_did
from careledger.identity.exchange.company import Company
from careledger.identity.exchange.holder import answer_request
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import read_request
from careledger.identity.status.client import CredentialStatus
from careledger.identity.wallet import Wallet
from careledger.store import Store
from tests.support.refusals import because

DAY = timedelta(days=1)
CLAIMS = {
    "given_name": "Xiomara-Distinctive",
    "birthdate": "1971-03-29",
    "income": 73_519_846,
    "height": 183.4567,
    "address": {"street": "Calle Distintiva 4711", "country": "Erewhon"},
    "nationalities": ["Utopian", "Laputan"],
    "age_over_18": True,
}
SHOWN = [
    "given_name",
    "birthdate",
    "income",
    "height",
    ["address", "street"],
    ["nationalities", None],
    "age_over_18",
]
TRACES = [
    "Xiomara",
    "1971-03-29",
    "73519846",
    "183.4567",
    "Distintiva",
    "Erewhon",
    "Utopian",
    "Laputan",
    "customer-8214973",
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "company").mkdir()
    return tmp_path


def test_a_whole_reading_leaves_no_value_with_the_company(
    chain, suite, senders, accounts, registry, folder, caplog, capfd
):
    for logger in ("", "sqlalchemy", "urllib3", "web3", "filelock"):
        caplog.set_level(logging.DEBUG, logger)
    bank, insurer = (format_did(accounts[number].address, chain.chain_id) for number in (1, 3))
    at = present(chain)
    consents = ConsentRegistry(chain, suite["ConsentRegistry"], senders[3])
    statuses = CredentialStatus(chain, suite["CredentialStatus"], senders[1])
    said = []
    with (
        Wallet.create(folder / "ana.wallet", "only Ana knows", work=2**14) as wallet,
        Store.open(folder / "company" / "company.db") as store,
    ):
        key = wallet.new_holder_key()
        where = StatusReference(
            "https://bank.example/1",
            7,
            chain.chain_id,
            statuses.address,
            accounts[1].address,
            bytes(32),
        )
        credential = issue_sd_jwt(
            Issuer(bank, SigningKey.of_account(accounts[1])),
            "kyc",
            CLAIMS,
            Validity(at, at + 30 * DAY),
            holder=key.public,
            status=where,
            subject="customer-8214973",
            disclosable=[*CLAIMS, ["address", "street"], ["nationalities", None]],
        )
        wallet.add_credential(credential, key.public.thumbprint)
        company = Company(
            Issuer(insurer, SigningKey.of_account(accounts[3])),
            registry,
            consents,
            statuses,
            store=store,
            policy=VerifierPolicy([bank]),
        )
        asked = company.ask(
            "kyc", SHOWN, Purpose("Offer you a policy", "https://insurer.example/terms"), DAY
        )
        request = read_request(asked.text, DidKeys(registry), consents.address, at)
        answer = answer_request(wallet, request, consents, now=at)
        wishes = {"birthdate": lambda value: value < "2000", "income": lambda value: value > 10**9}
        reading = company.take(answer, asked.request, wishes)
        assert reading.verified.get("given_name") == CLAIMS["given_name"], (
            "the company does see the values"
        )
        said += [
            repr(reading),
            repr(company.take(answer, asked.request)),
            repr(company.verifications.read(reading.kept.id)),
        ]
        assert not reading.kept.met

        again = company.ask(
            "kyc", ["given_name", "email"], Purpose("Another", "https://insurer.example/terms"), DAY
        )
        with pytest.raises(CareLedgerError) as refused:
            company.take(answer, again.request)
        said.append(repr(refused.value))
        subject = KeySigner(wallet.subject(answer.consent.subject).account)
        consents.revoke_by_sig(
            consents.messages.signed_revocation(answer.consent, subject, present(chain) + DAY)
        )
        with because(errors.ConsentReason.CONSENT_REVOKED) as refused:
            company.verifications.read(reading.kept.id)
        said.append(repr(refused.value))
        kept = b"".join(path.read_bytes() for path in (folder / "company").iterdir())
    kept += b"".join(path.read_bytes() for path in (folder / "company").iterdir())
    heard = "\n".join([*said, caplog.text, *capfd.readouterr()])

    for logged in ("INSERT INTO identity_verifications", "eth_call", "urllib3"):
        assert logged in caplog.text, "that log was on"
    assert reading.kept.presentation_hash in kept, "the result is there"
    assert b"birthdate" in kept
    for trace in [*TRACES, answer.presentation, *answer.presentation.split("~")[1:-1]]:
        assert trace not in heard, trace
        for form in (trace.encode(), trace.encode("utf-16-le"), trace.encode().hex().encode()):
            assert form not in kept, trace
