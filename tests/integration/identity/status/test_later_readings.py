"""What a company reads again after the customer or the issuer has revoked."""

from datetime import timedelta

import pytest

from careledger.identity.consent.messages import KeySigner
from careledger.identity.credentials import errors
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.status.snapshot import take_snapshot
from careledger.identity.wallet import Wallet
from tests.support.refusals import because
from tests.worlds.identity.status_parties import DAY, LIST, URI


class TestReadingAgain:
    def test_the_customer_revokes_and_the_next_reading_fails(self, insurer):
        insurer.issue()
        kept = insurer.agree()
        again = insurer.verifications.read(kept.id)
        assert again.met
        assert again.block_number == insurer.bank.registry.chain.block_number()
        insurer.revoke()
        with because(errors.ConsentReason.CONSENT_REVOKED, match="revoked by the customer"):
            insurer.verifications.read(kept.id)
        insurer.verifications.erase(kept.id)
        assert insurer.verifications.of_consent(insurer.consent.id) == []

    def test_the_issuer_revokes_and_the_next_reading_fails(self, insurer):
        place = insurer.issue()
        kept = insurer.agree()
        insurer.bank.status.revoke(insurer.bank.address, LIST, place)
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            insurer.verifications.read(kept.id)

    def test_a_company_that_takes_lists_sees_it_in_the_next_one_and_relies_on_no_stale_one(
        self, insurer
    ):
        place, bank, served = insurer.issue(), insurer.bank, {}
        at = take_snapshot(bank.status, bank.address, LIST).taken_at

        def taken_at(later):
            insurer.statuses = ListStatusReader(
                bank.did, DidKeys(bank.registry), served.__getitem__, now=lambda: at + later
            )

        taken_at(timedelta(0))
        served[URI] = bank.lists()["vc 2.0"]
        kept = insurer.agree()
        bank.status.revoke(bank.address, LIST, place)
        assert insurer.verifications.read(kept.id).met, "a list is as of its making"
        taken_at(2 * DAY)
        with pytest.raises(errors.StatusStale):
            insurer.verifications.read(kept.id)
        taken_at(timedelta(0))
        served[URI] = bank.lists()["token"]
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            insurer.verifications.read(kept.id)
        with because(errors.StatusReason.CREDENTIAL_REVOKED):
            insurer.agree()

    def test_time_ends_a_consent(self, insurer, later):
        insurer.issue()
        kept = insurer.agree()
        later(2 * 86400)
        with because(errors.ConsentReason.CONSENT_EXPIRED):
            insurer.verifications.read(kept.id)

    def test_a_result_is_read_again_in_few_calls(self, insurer, calls):
        insurer.issue()
        kept = insurer.agree()
        calls.clear()
        insurer.verifications.read(kept.id)
        assert len(calls) == 4, "the present block, the consent, the subject's epoch, the status"

    def test_the_words_of_a_lost_wallet_find_its_consents_again(self, insurer, tmp_path):
        insurer.issue()
        insurer.agree()
        with Wallet.create(
            tmp_path / "new.wallet", "other", insurer.wallet.words, work=2**14
        ) as found:
            seen = {
                event.subject for event in insurer.consents.history() if hasattr(event, "subject")
            }
            (subject,) = found.recover_subjects(lambda address: address in seen)
        end = insurer.consents.messages.signed_revoke_all(
            subject.address, KeySigner(subject.account), insurer.consents.epoch(subject.address),
            insurer.bank.now + DAY,
        )  # fmt: skip
        insurer.consents.revoke_all_by_sig(end)
        assert not insurer.consents.is_valid(insurer.consent.id)
