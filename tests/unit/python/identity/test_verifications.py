import os
import signal
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context

import pytest

from careledger.errors import InputError, NotFound
from careledger.identity.consent.terms import ConsentStatus, presentation_hash
from careledger.identity.credentials import errors
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.exchange.verifications import ClaimOutcome, Verifications
from careledger.store import Store
from tests.support.refusals import because
from tests.worlds.identity import credential_stage as stage
from tests.worlds.identity.companies import Clock, CompanyStore, Consents
from tests.worlds.identity.credential_stage import (
    DAY,
    DID,
    EXPECTED,
    NOW,
    STATUS,
    VCT,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def company(tmp_path):
    made = CompanyStore(tmp_path / "store" / "company.db")
    yield made
    made.store.close()


class TestRequests:
    def test_nonces_are_long_and_never_the_same(self, company):
        found = {company.verifications.issue() for _ in range(50)}
        assert len(found) == 50
        assert {len(nonce) for nonce in found} == {43}

    def test_the_database_cannot_answer_in_our_name(self, company):
        nonce = company.verifications.issue()
        assert nonce.encode() not in company.bytes()

    def test_an_open_request_is_known_and_no_other(self, company):
        company.verifications.require_open(company.verifications.issue())
        for other in ("", "x" * 43, "\ud800"):
            with because(errors.KeyBindingReason.WRONG_NONCE):
                company.verifications.require_open(other)

    def test_a_request_has_an_end(self, company):
        nonce = company.verifications.issue(HOUR)
        verified, expected = company.answer(nonce=nonce)
        company.clock.now = NOW + HOUR - timedelta(seconds=1)
        company.verifications.require_open(nonce)
        company.clock.now = NOW + HOUR
        with because(errors.KeyBindingReason.KEY_BINDING_STALE, match="was good until"):
            company.verifications.require_open(nonce)
        with because(errors.KeyBindingReason.KEY_BINDING_STALE):
            company.verifications.record(verified, expected)
        assert company.spent(nonce) is None
        assert company.verifications.of_presentation(verified.presentation_hash) is None

    def test_no_request_is_good_for_no_time(self, company):
        for lifetime in (timedelta(0), -HOUR):
            with pytest.raises(InputError):
                company.verifications.issue(lifetime)

    def test_what_is_long_over_is_forgotten_and_refused(self, company):
        verified, expected = company.answer()
        company.verifications.record(verified, expected)
        fresh = company.verifications.issue(3 * DAY)
        company.clock.now = NOW + 2 * DAY
        assert company.verifications.purge() == 1
        assert company.verifications.purge() == 0
        with because(errors.KeyBindingReason.WRONG_NONCE):
            company.verifications.record(verified, expected)
        company.verifications.require_open(fresh)


class TestRecord:
    def test_another_request_is_refused(self, company):
        verified, expected = company.answer()
        with because(errors.KeyBindingReason.WRONG_NONCE):
            company.verifications.record(verified, replace(expected, nonce="x" * 43))

    def test_a_second_answer_is_refused_and_the_first_stands(self, company):
        verified, expected = company.answer()
        kept = company.verifications.record(verified, expected)
        for again in (verified, replace(verified, presentation_hash=bytes(32))):
            with pytest.raises(errors.Replayed):
                company.verifications.record(again, expected)
        assert company.verifications.of_presentation(verified.presentation_hash) == kept

    def test_a_condition_about_something_else_is_refused_and_the_request_stays_open(self, company):
        verified, expected = company.answer()
        with pytest.raises(InputError, match=r"address\.country was not asked for"):
            company.verifications.record(verified, expected, {("address", "country"): True})
        company.verifications.require_open(expected.nonce)

    def test_what_is_kept(self, company):
        verified, expected = company.answer()
        expected = replace(
            expected, claims=["age_over_18", ["address", "country"], ["nationalities", None]]
        )
        kept = company.verifications.record(
            verified, expected, {"age_over_18": True, ("address", "country"): False}
        )
        assert kept.claims == (
            (("age_over_18",), ClaimOutcome.MET),
            (("address", "country"), ClaimOutcome.NOT_MET),
            (("nationalities", None), ClaimOutcome.SHOWN),
        )
        assert not kept.met
        assert (kept.issuer, kept.type, kept.consent_id) == (DID, VCT, company.consent.id)
        assert kept.presentation_hash == presentation_hash(company.presentation)
        assert (kept.checked_at, kept.expires_at) == (NOW, NOW + 30 * DAY)
        assert kept.status == replace(STATUS, uri="chain")
        assert kept.confirmed_at is None
        assert company.verifications.kept(kept.id) == kept
        assert company.verifications.of_presentation(kept.presentation_hash) == kept
        assert company.verifications.of_consent(company.consent.id) == [kept]
        assert company.verifications.of_consent(bytes(32)) == []
        assert company.spent(expected.nonce) == NOW

    def test_it_is_there_for_the_next_program(self, company):
        kept = company.verifications.record(*company.answer())
        with Store.open(company.file) as other:
            assert (
                Verifications(other, company.consents, company.statuses, clock=company.clock)
                .read(kept.id)
                .met
            )

    def test_the_address_of_a_list_is_kept_only_where_it_is_needed(self, company):
        elsewhere = StatusReference("https://bank.example/lists/1", 3)
        kept = company.verifications.record(*company.answer(stage.issued(status=elsewhere)))
        assert kept.status == elsewhere
        assert company.verifications.kept(kept.id) == kept

    def test_without_consent_and_status(self, company):
        nonce = company.verifications.issue()
        text = stage.presented(stage.chosen(stage.issued(status=None)), nonce=nonce)
        expected = replace(EXPECTED, nonce=nonce)
        kept = company.verifications.record(
            stage.verifier(status_required=False).verify(text, expected), expected
        )
        assert (kept.consent_id, kept.status) == (None, None)
        assert company.verifications.read(kept.id).claims == (
            (("age_over_18",), ClaimOutcome.SHOWN),
        )


def record_once(file, verified, expected):
    with Store.open(file) as store:
        try:
            return (
                Verifications(store, Consents(), stage.Statuses(), clock=Clock())
                .record(verified, expected)
                .id
            )
        except errors.Replayed:
            return None


def record_and_die(file, verified, expected, *, committed):
    store = Store.open(file)
    verifications = Verifications(store, Consents(), stage.Statuses(), clock=Clock())
    if not committed:
        verifications._row = lambda _: os.kill(
            os.getpid(), signal.SIGKILL
        )  # the nonce is spent, the result not kept
    verifications.record(verified, expected)
    os.kill(os.getpid(), signal.SIGKILL)


class TestExactlyOnce:
    def test_of_many_processes_one_records(self, company):
        verified, expected = company.answer()
        with get_context("spawn").Pool(4) as pool:
            found = pool.starmap(
                record_once, [(company.file, verified, expected)] * 12, chunksize=1
            )
        (kept,) = [one for one in found if one is not None]
        assert company.verifications.of_presentation(verified.presentation_hash).id == kept

    @pytest.mark.parametrize("committed", [False, True])
    def test_a_crash_keeps_both_or_neither(self, company, committed):
        verified, expected = company.answer()
        process = get_context("spawn").Process(
            target=record_and_die,
            args=(company.file, verified, expected),
            kwargs={"committed": committed},
        )
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        kept = company.verifications.of_presentation(verified.presentation_hash)
        assert (kept is not None) == committed == (company.spent(expected.nonce) is not None)
        if committed:
            with pytest.raises(errors.Replayed):
                company.verifications.record(verified, expected)
        else:
            assert company.verifications.record(verified, expected)


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
    def test_the_end_of_the_consent_is_the_end_of_reading(self, company, change, refusal):
        kept = company.verifications.record(*company.answer())
        assert company.verifications.read(kept.id)
        company.consents.change(company.consent, **change)
        with because(refusal):
            company.verifications.read(kept.id)
        assert company.verifications.kept(kept.id) == kept

    def test_a_consent_ends_by_the_blocks_time_or_ours(self, company):
        kept = company.verifications.record(*company.answer())
        company.clock.now = company.consent.expires_at
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            company.verifications.read(kept.id)
        company.clock.now = NOW
        company.consents.chain.at = company.consent.expires_at
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            company.verifications.read(kept.id)

    def test_a_credential_that_expired_or_was_withdrawn_is_not_relied_on(self, company):
        kept = company.verifications.record(*company.answer(stage.issued(until=NOW + HOUR)))
        company.clock.now = NOW + HOUR
        with because(errors.TimeReason.EXPIRED):
            company.verifications.read(kept.id)
        company.clock.now = NOW
        company.statuses.answer = True
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            company.verifications.read(kept.id)
        company.statuses.answer = errors.StatusStale("old")
        with pytest.raises(errors.StatusStale):
            company.verifications.read(kept.id)

    def test_another_registry_knows_nothing_of_it(self, company):
        kept = company.verifications.record(*company.answer())
        company.consents.address = "0x" + "dd" * 20
        with because(errors.IssuerReason.UNKNOWN_CHAIN, match="is asked"):
            company.verifications.read(kept.id)

    def test_it_says_when_and_as_of_which_block(self, company):
        kept = company.verifications.record(*company.answer())
        company.clock.now = NOW + HOUR
        assert company.verifications.read(kept.id) == replace(
            kept, confirmed_at=NOW + HOUR, block_number=16
        )

    def test_what_is_not_there_is_said(self, company):
        for read in (
            company.verifications.read,
            company.verifications.kept,
            company.verifications.erase,
        ):
            with pytest.raises(NotFound, match="there is no verification"):
                read("nothing")


class TestErase:
    def test_it_is_gone_from_every_file_and_the_request_stays_answered(self, company):
        verified, expected = company.answer()
        kept = company.verifications.record(verified, expected)
        assert kept.presentation_hash in company.bytes()
        company.verifications.erase(kept.id)
        gone = company.bytes()
        assert not any(
            trace in gone for trace in (kept.presentation_hash, kept.id.encode(), kept.consent_id)
        )
        with pytest.raises(NotFound):
            company.verifications.read(kept.id)
        with pytest.raises(errors.Replayed):
            company.verifications.record(verified, expected)
