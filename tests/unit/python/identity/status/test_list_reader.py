"""A verifier without a node: lists are fetched, kept while fresh, and of the right source."""

from datetime import timedelta

import pytest

from careledger.identity.credentials.errors import (
    MalformedToken,
    StatusReason,
    StatusStale,
    TimeReason,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.bitstring_list import export_vc2
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.status.status_list import StatusList
from tests.support.refusals import because
from tests.worlds.identity.status_lists import (
    AT,
    DID,
    ISSUER,
    URI,
    Clock,
    Keys,
    altered,
    credential,
    snapshot,
    token,
)


class TestFreshness:
    LIST = StatusList(URI, DID, AT, AT + timedelta(hours=1), bytes(1))

    @pytest.mark.parametrize(("minutes", "max_age"), [(0, 60), (59, 60), (-4, 60), (30, 30)])
    def test_a_fresh_list_is_taken(self, minutes, max_age):
        self.LIST.check_fresh(AT + timedelta(minutes=minutes), timedelta(minutes=max_age))

    @pytest.mark.parametrize(
        ("minutes", "max_age", "says"), [(60, 600, "was valid until"), (31, 30, "older than")]
    )
    def test_a_stale_list_is_refused(self, minutes, max_age, says):
        with pytest.raises(StatusStale, match=says):
            self.LIST.check_fresh(AT + timedelta(minutes=minutes), timedelta(minutes=max_age))

    def test_a_list_from_the_future_is_refused(self):
        with because(TimeReason.ISSUED_IN_FUTURE, match="in the future"):
            self.LIST.check_fresh(AT - timedelta(minutes=6))


class TestListStatusReader:
    def test_both_forms_are_read_once_and_again_when_stale(self):
        clock, fetched, keys = Clock(), [], Keys()
        served = {URI: token(5), URI + "2": export_vc2(snapshot(6), URI + "2", ISSUER)}

        def fetch(uri):
            fetched.append(uri)
            return served[uri]

        reader = ListStatusReader(DID, keys, fetch, now=clock)
        assert [reader.is_revoked(StatusReference(URI, index)) for index in (4, 5, 6)] == [
            False,
            True,
            False,
        ]
        assert reader.is_revoked(StatusReference(URI + "2", 6), block=9)
        assert fetched == [URI, URI + "2"]
        clock.now = AT + timedelta(days=1)
        with pytest.raises(StatusStale):
            reader.is_revoked(StatusReference(URI, 5))
        served[URI] = token(taken_at=clock.now)
        assert not reader.is_revoked(StatusReference(URI, 5))
        assert fetched == [URI, URI + "2", URI, URI]

    def test_the_age_limit_is_the_verifiers(self):
        clock = Clock()
        reader = ListStatusReader(
            DID, Keys(), lambda _: token(), max_age=timedelta(minutes=5), now=clock
        )
        assert not reader.is_revoked(StatusReference(URI, 5))
        clock.now += timedelta(minutes=6)
        with pytest.raises(StatusStale, match="older than"):
            reader.is_revoked(StatusReference(URI, 5))

    def test_what_is_no_list_is_refused(self):
        with pytest.raises(MalformedToken):
            ListStatusReader(DID, Keys(), lambda _: "<html>").is_revoked(StatusReference(URI, 5))


class TestSource:
    REFERENCE = StatusReference(URI, 5, 31337, "0x" + "aa" * 20, "0x" + "11" * 20, b"\1" * 32)

    def reader(self, text):
        return ListStatusReader(DID, Keys(), lambda _: text, now=Clock())

    def test_a_list_made_from_the_credentials_own(self):
        assert self.reader(token(5)).is_revoked(self.REFERENCE)
        lower = altered(
            token(5), lambda claims: claims["careledger"].update(contract="0x" + "AA" * 20)
        )
        assert self.reader(lower).is_revoked(self.REFERENCE)

    @pytest.mark.parametrize(
        "changes",
        [
            {"chain_id": 1},
            {"contract": "0x" + "bb" * 20},
            {"issuer": "0x" + "22" * 20},
            {"list_id": bytes(32)},
        ],
    )
    def test_one_made_from_another_is_refused(self, changes):
        with because(StatusReason.STATUS_UNREADABLE, match="made from another list"):
            self.reader(token(5, **changes)).is_revoked(self.REFERENCE)

    def test_what_does_not_say_from_which_is_taken(self):
        assert self.reader(credential(5)).is_revoked(self.REFERENCE)
        assert self.reader(token(5, list_id=bytes(32))).is_revoked(StatusReference(URI, 5))
        silent = altered(token(5), lambda claims: claims.update(careledger="x"))
        assert self.reader(silent).is_revoked(self.REFERENCE)

    def test_what_is_revoked_in_lists_of_any_width(self):
        assert StatusList(URI, DID, AT, None, bytes([0b1001])).revoked == [0, 3]
        assert StatusList(URI, DID, AT, None, bytes([0b1001, 0b1]), 2).revoked == [0, 1, 4]
