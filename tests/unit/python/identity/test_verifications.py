import logging
import os
import signal
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import select

from careledger.errors import CareLedgerError, InputError, NotFound
from careledger.identity.consent.terms import ConsentStatus, presentation_hash
from careledger.identity.credentials import errors
from careledger.identity.credentials.policy import ConsentRequirement
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.exchange.verifications import ClaimOutcome, Verifications, _digest
from careledger.identity.tables import IssuedNonce
from careledger.store import Store
from tests.support.refusals import because
from tests.worlds.identity import credential_stage as stage
from tests.worlds.identity.credential_stage import (
    DAY,
    DID,
    EXPECTED,
    GRANTEE,
    NOW,
    PURPOSE,
    STATUS,
    VCT,
)

HOUR = timedelta(hours=1)


class Registry(stage.Consents):
    """The consents of a chain, at an address."""

    address = "0x" + "cc" * 20

    def __init__(self, *granted, at=NOW):
        super().__init__(*granted)
        self.chain = stage.QuietChain(at)

    def change(self, consent, **changes):
        self.records[consent.id] = replace(self.records[consent.id], **changes)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class Desk:
    """A company with its store, and a customer who consents."""

    def __init__(self, file):
        self.file = file
        self.store, self.clock, self.statuses = Store.open(file), Clock(), stage.Statuses()
        self.consents = Registry()

    @property
    def verifications(self):
        return Verifications(self.store, self.consents, self.statuses, clock=self.clock)

    def answer(self, credential=None, *paths, nonce=None):
        """Return what a verifier makes of a customer's answer, and what it was asked."""
        nonce = nonce or self.verifications.issue()
        selection = stage.chosen(credential, *paths)
        self.consent, _ = stage.consented(selection)
        self.consents.records |= Registry(self.consent).records
        expected = replace(EXPECTED, nonce=nonce, consent=ConsentRequirement(GRANTEE, PURPOSE))
        self.presentation = stage.presented(selection, nonce=nonce, consent=self.consent.id)
        checked = stage.verifier(consents=self.consents).verify(
            self.presentation, expected, self.consent
        )
        return checked, expected

    def spent(self, nonce):
        with self.store.reading() as session:
            return session.scalar(
                select(IssuedNonce.spent_at).where(IssuedNonce.digest == _digest(nonce))
            )

    def bytes(self):
        return b"".join(path.read_bytes() for path in self.file.parent.iterdir())


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "store" / "company.db")
    yield made
    made.store.close()


class TestRequests:
    def test_nonces_are_long_and_never_the_same(self, desk):
        found = {desk.verifications.issue() for _ in range(50)}
        assert len(found) == 50
        assert {len(nonce) for nonce in found} == {43}

    def test_the_database_cannot_answer_in_our_name(self, desk):
        nonce = desk.verifications.issue()
        assert nonce.encode() not in desk.bytes()

    def test_an_open_request_is_known_and_no_other(self, desk):
        desk.verifications.require_open(desk.verifications.issue())
        for other in ("", "x" * 43, "\ud800"):
            with because(errors.KeyBindingReason.WRONG_NONCE):
                desk.verifications.require_open(other)

    def test_a_request_has_an_end(self, desk):
        nonce = desk.verifications.issue(HOUR)
        verified, expected = desk.answer(nonce=nonce)
        desk.clock.now = NOW + HOUR - timedelta(seconds=1)
        desk.verifications.require_open(nonce)
        desk.clock.now = NOW + HOUR
        with because(errors.KeyBindingReason.KEY_BINDING_STALE, match="was good until"):
            desk.verifications.require_open(nonce)
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            desk.verifications.record(verified, expected)
        assert desk.spent(nonce) is None
        assert desk.verifications.of_presentation(verified.presentation_hash) is None

    def test_no_request_is_good_for_no_time(self, desk):
        for lifetime in (timedelta(0), -HOUR):
            with pytest.raises(InputError):
                desk.verifications.issue(lifetime)

    def test_what_is_long_over_is_forgotten_and_refused(self, desk):
        verified, expected = desk.answer()
        desk.verifications.record(verified, expected)
        fresh = desk.verifications.issue(3 * DAY)
        desk.clock.now = NOW + 2 * DAY
        assert desk.verifications.purge() == 1
        assert desk.verifications.purge() == 0
        with because(errors.KeyBindingReason.WRONG_NONCE):
            desk.verifications.record(verified, expected)
        desk.verifications.require_open(fresh)


class TestRecord:
    def test_another_request_is_refused(self, desk):
        verified, expected = desk.answer()
        with because(errors.KeyBindingReason.WRONG_NONCE):
            desk.verifications.record(verified, replace(expected, nonce="x" * 43))

    def test_a_second_answer_is_refused_and_the_first_stands(self, desk):
        verified, expected = desk.answer()
        kept = desk.verifications.record(verified, expected)
        for again in (verified, replace(verified, presentation_hash=bytes(32))):
            with pytest.raises(errors.Replayed):
                desk.verifications.record(again, expected)
        assert desk.verifications.of_presentation(verified.presentation_hash) == kept

    def test_a_wish_about_something_else_is_refused_and_the_request_stays_open(self, desk):
        verified, expected = desk.answer()
        with pytest.raises(InputError, match=r"address\.country was not asked for"):
            desk.verifications.record(verified, expected, {("address", "country"): True})
        desk.verifications.require_open(expected.nonce)

    def test_what_is_kept(self, desk):
        verified, expected = desk.answer()
        expected = replace(
            expected, claims=["age_over_18", ["address", "country"], ["nationalities", None]]
        )
        kept = desk.verifications.record(
            verified, expected, {"age_over_18": True, ("address", "country"): False}
        )
        assert kept.claims == (
            (("age_over_18",), ClaimOutcome.MET),
            (("address", "country"), ClaimOutcome.NOT_MET),
            (("nationalities", None), ClaimOutcome.SHOWN),
        )
        assert not kept.met
        assert (kept.issuer, kept.type, kept.consent_id) == (DID, VCT, desk.consent.id)
        assert kept.presentation_hash == presentation_hash(desk.presentation)
        assert (kept.checked_at, kept.expires_at) == (NOW, NOW + 30 * DAY)
        assert kept.status == replace(STATUS, uri="chain")
        assert kept.confirmed_at is None
        assert desk.verifications.kept(kept.id) == kept
        assert desk.verifications.of_presentation(kept.presentation_hash) == kept
        assert desk.verifications.of_consent(desk.consent.id) == [kept]
        assert desk.verifications.of_consent(bytes(32)) == []
        assert desk.spent(expected.nonce) == NOW

    def test_it_is_there_for_the_next_program(self, desk):
        kept = desk.verifications.record(*desk.answer())
        with Store.open(desk.file) as other:
            assert (
                Verifications(other, desk.consents, desk.statuses, clock=desk.clock)
                .read(kept.id)
                .met
            )

    def test_the_address_of_a_list_is_kept_only_where_it_is_needed(self, desk):
        elsewhere = StatusReference("https://bank.example/lists/1", 3)
        kept = desk.verifications.record(*desk.answer(stage.issued(status=elsewhere)))
        assert kept.status == elsewhere
        assert desk.verifications.kept(kept.id) == kept

    def test_without_consent_and_status(self, desk):
        nonce = desk.verifications.issue()
        text = stage.presented(stage.chosen(stage.issued(status=None)), nonce=nonce)
        expected = replace(EXPECTED, nonce=nonce)
        kept = desk.verifications.record(
            stage.verifier(status_required=False).verify(text, expected), expected
        )
        assert (kept.consent_id, kept.status) == (None, None)
        assert desk.verifications.read(kept.id).claims == ((("age_over_18",), ClaimOutcome.SHOWN),)


def record_once(file, verified, expected):
    with Store.open(file) as store:
        try:
            return (
                Verifications(store, Registry(), stage.Statuses(), clock=Clock())
                .record(verified, expected)
                .id
            )
        except errors.Replayed:
            return None


def record_and_die(file, verified, expected, *, committed):
    store = Store.open(file)
    verifications = Verifications(store, Registry(), stage.Statuses(), clock=Clock())
    if not committed:
        verifications._row = lambda _: os.kill(
            os.getpid(), signal.SIGKILL
        )  # the nonce is spent, the result not kept
    verifications.record(verified, expected)
    os.kill(os.getpid(), signal.SIGKILL)


class TestExactlyOnce:
    def test_of_many_processes_one_records(self, desk):
        verified, expected = desk.answer()
        with get_context("spawn").Pool(4) as pool:
            found = pool.starmap(record_once, [(desk.file, verified, expected)] * 12, chunksize=1)
        (kept,) = [one for one in found if one is not None]
        assert desk.verifications.of_presentation(verified.presentation_hash).id == kept

    @pytest.mark.parametrize("committed", [False, True])
    def test_a_crash_keeps_both_or_neither(self, desk, committed):
        verified, expected = desk.answer()
        process = get_context("spawn").Process(
            target=record_and_die,
            args=(desk.file, verified, expected),
            kwargs={"committed": committed},
        )
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        kept = desk.verifications.of_presentation(verified.presentation_hash)
        assert (kept is not None) == committed == (desk.spent(expected.nonce) is not None)
        if committed:
            with pytest.raises(errors.Replayed):
                desk.verifications.record(verified, expected)
        else:
            assert desk.verifications.record(verified, expected)


class TestRead:
    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"status": ConsentStatus.REVOKED}, errors.ConsentReason.CONSENT_REVOKED),
            ({"status": ConsentStatus.RENOUNCED}, errors.ConsentReason.CONSENT_RENOUNCED),
            ({"status": ConsentStatus.NONE}, errors.ConsentReason.CONSENT_UNKNOWN),
            ({"epoch": 7}, errors.ConsentReason.CONSENT_EPOCH_ENDED),
            ({"expires_at": NOW}, errors.ConsentReason.CONSENT_EXPIRED),
        ],
    )  # fmt: skip
    def test_the_end_of_the_consent_is_the_end_of_reading(self, desk, change, refusal):
        kept = desk.verifications.record(*desk.answer())
        assert desk.verifications.read(kept.id)
        desk.consents.change(desk.consent, **change)
        with because(refusal):
            desk.verifications.read(kept.id)
        assert desk.verifications.kept(kept.id) == kept

    def test_a_consent_ends_by_the_blocks_time_or_ours(self, desk):
        kept = desk.verifications.record(*desk.answer())
        desk.clock.now = desk.consent.expires_at
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            desk.verifications.read(kept.id)
        desk.clock.now = NOW
        desk.consents.chain.at = desk.consent.expires_at
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            desk.verifications.read(kept.id)

    def test_a_credential_that_expired_or_was_withdrawn_is_not_relied_on(self, desk):
        kept = desk.verifications.record(*desk.answer(stage.issued(until=NOW + HOUR)))
        desk.clock.now = NOW + HOUR
        with because(errors.TimeReason.EXPIRED):
            desk.verifications.read(kept.id)
        desk.clock.now = NOW
        desk.statuses.answer = True
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            desk.verifications.read(kept.id)
        desk.statuses.answer = errors.StatusStale("old")
        with pytest.raises(errors.StatusStale):
            desk.verifications.read(kept.id)

    def test_another_registry_knows_nothing_of_it(self, desk):
        kept = desk.verifications.record(*desk.answer())
        desk.consents.address = "0x" + "dd" * 20
        with because(errors.IssuerReason.UNKNOWN_CHAIN, match="is asked"):
            desk.verifications.read(kept.id)

    def test_it_says_when_and_as_of_which_block(self, desk):
        kept = desk.verifications.record(*desk.answer())
        desk.clock.now = NOW + HOUR
        assert desk.verifications.read(kept.id) == replace(
            kept, confirmed_at=NOW + HOUR, block_number=16
        )

    def test_what_is_not_there_is_said(self, desk):
        for read in (desk.verifications.read, desk.verifications.kept, desk.verifications.erase):
            with pytest.raises(NotFound, match="there is no verification"):
                read("nothing")


class TestErase:
    def test_it_is_gone_from_every_file_and_the_request_stays_answered(self, desk):
        verified, expected = desk.answer()
        kept = desk.verifications.record(verified, expected)
        assert kept.presentation_hash in desk.bytes()
        desk.verifications.erase(kept.id)
        gone = desk.bytes()
        assert not any(
            trace in gone for trace in (kept.presentation_hash, kept.id.encode(), kept.consent_id)
        )
        with pytest.raises(NotFound):
            desk.verifications.read(kept.id)
        with pytest.raises(errors.Replayed):
            desk.verifications.record(verified, expected)


VALUES = {
    "given_name": "Xiomara-Distinctive", "family_name": "Quetzalcoatl-Distinctive", "birthdate": "1971-03-29",
    "email": "xiomara@distinctive.example", "income": 73_519_846, "age_over_18": True, "height": 183.4567,
    "address": {"street": "Calle Distintiva 4711", "country": "ZZ"}, "nationalities": ["Erewhonian", "Utopian"],
}  # fmt: skip
TRACES = ["Xiomara", "Quetzalcoatl", "1971-03-29", "xiomara@", "73519846", "73_519_846", "183.4567", "Distintiva",
          "4711", "Erewhonian", "Utopian", "8214973"]  # fmt: skip


def spoiled(presentation, at):
    """Change one character of a presentation."""
    return presentation[:at] + ("A" if presentation[at] != "A" else "B") + presentation[at + 1 :]


def test_no_value_reaches_the_database_a_log_or_a_message(tmp_path, caplog):
    for logger in ("", "sqlalchemy", "urllib3", "web3"):
        caplog.set_level(logging.DEBUG, logger)
    desk = Desk(tmp_path / "store" / "company.db")
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
    verified, expected = desk.answer(credential, *paths, "age_over_18")
    assert verified.get("given_name") == VALUES["given_name"], "the company does see the values"
    assert verified.subject == "customer-8214973"
    expected = replace(expected, claims=paths)
    result = desk.verifications.record(verified, expected, {"birthdate": True, "income": False})
    said = [repr(verified), repr(result), repr(desk.verifications.read(result.id))]

    refused = 0
    verifier = stage.verifier(consents=desk.consents)
    again = [
        desk.presentation,
        *(spoiled(desk.presentation, at) for at in range(0, len(desk.presentation), 29)),
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
            desk.verifications.record(verifier.verify(text, asked, desk.consent), asked)
        said.append(repr(refusal.value) + repr(refusal.value.__cause__))
        refused += 1
    for attempt in (
        lambda: desk.verifications.record(verified, expected),
        lambda: desk.verifications.record(
            verified, replace(expected, claims=[]), {"given_name": True}
        ),
        lambda: desk.verifications.read("Nobody"),
    ):
        with pytest.raises(CareLedgerError) as refusal:
            attempt()
        said.append(repr(refusal.value))
    for change in ({"status": ConsentStatus.REVOKED}, {"epoch": 9}):
        desk.consents.change(desk.consent, **change)
        with pytest.raises(errors.ConsentError) as refusal:
            desk.verifications.read(result.id)
        said.append(repr(refusal.value))

    assert refused > 50
    assert "INSERT INTO identity_verifications" in caplog.text, "the log of the database was on"
    stored = desk.bytes()
    assert b"given_name" in stored
    assert result.presentation_hash in stored
    text = "\n".join(said) + caplog.text
    for trace in TRACES:
        assert trace.encode() not in stored, trace
        assert trace not in text, trace
        for width in (trace.encode("utf-16-le"), trace.encode().hex().encode()):
            assert width not in stored, trace
    for disclosure in desk.presentation.split("~")[1:-1]:
        assert disclosure.encode() not in stored
        assert disclosure not in text
