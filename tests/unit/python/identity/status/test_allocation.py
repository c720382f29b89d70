"""Which index of a status list a new credential gets, and what is kept of it."""

from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest

from careledger.errors import InputError
from careledger.identity.status.allocation import AllocatedIndex, StatusIndexAllocator
from careledger.identity.status.errors import ListFull
from careledger.store import Store

AT, YEAR, THUMBPRINT = datetime(2030, 1, 1, tzinfo=UTC), timedelta(days=365), "A" * 43
ISSUER, OTHER, LIST = "0x" + "11" * 20, "0x" + "22" * 20, b"\1" * 32


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "issuer.db") as opened:
        yield opened


def take_some(file, count):
    with Store.open(file) as opened:
        indexes = StatusIndexAllocator(opened, ISSUER, LIST, 100)
        return [indexes.allocate() for _ in range(count)]


def test_every_index_is_allocated_once_then_the_list_is_full(store):
    indexes = StatusIndexAllocator(store, ISSUER, LIST, 40)
    given = [indexes.allocate() for _ in range(40)]
    assert sorted(given) == list(range(40))
    assert given != sorted(given), "an index says nothing about the order"
    assert indexes.count() == 40
    with pytest.raises(ListFull, match="all 40 indexes"):
        indexes.allocate()


def test_every_list_has_places_of_its_own(store):
    full = StatusIndexAllocator(store, ISSUER, LIST, 1)
    assert full.allocate() == 0
    assert StatusIndexAllocator(store, OTHER, LIST, 1).allocate() == 0
    assert StatusIndexAllocator(store, ISSUER, bytes(32), 1).allocate() == 0
    with pytest.raises(ListFull):
        full.allocate()


def test_indexes_are_spread_over_the_whole_list(store):
    indexes = StatusIndexAllocator(store, ISSUER, LIST)
    given = [indexes.allocate() for _ in range(60)]
    assert len(set(given)) == 60
    assert {index * 4 // indexes.size for index in given} == {0, 1, 2, 3}


def test_several_processes_never_get_the_same(tmp_path):
    file = tmp_path / "issuer.db"
    with get_context("spawn").Pool(4) as pool:
        given = [index for some in pool.starmap(take_some, [(file, 25)] * 4) for index in some]
    assert sorted(given) == list(range(100))


@pytest.mark.parametrize(
    ("issuer", "list_id", "size"), [("0x", LIST, 1), (ISSUER, b"", 1), (ISSUER, LIST, 0)]
)
def test_what_is_no_list_is_refused(store, issuer, list_id, size):
    with pytest.raises(InputError):
        StatusIndexAllocator(store, issuer, list_id, size)


class TestAllocated:
    def test_what_was_allocated_is_listed_in_the_order_of_issuing(self, store):
        indexes = StatusIndexAllocator(store, ISSUER, LIST)
        second = indexes.allocate(
            type_="kyc", holder_key=THUMBPRINT, issued_at=AT + YEAR, expires_at=AT + 2 * YEAR
        )
        first = indexes.allocate(type_="kyc", issued_at=AT)
        silent = indexes.allocate()
        assert indexes.allocated() == [
            AllocatedIndex(silent, None, None, None, None),
            AllocatedIndex(first, "kyc", None, AT, None),
            AllocatedIndex(second, "kyc", THUMBPRINT, AT + YEAR, AT + 2 * YEAR),
        ]
        assert StatusIndexAllocator(store, OTHER, LIST).allocated() == []

    @pytest.mark.parametrize(
        "name", ["", "did:ethr:0x" + "11" * 20, "A" * 42, "A" * 44, "A" * 42 + "+", "A" * 42 + "\n"]
    )
    def test_a_person_is_named_by_nothing_but_a_thumbprint(self, store, name):
        indexes = StatusIndexAllocator(store, ISSUER, LIST)
        with pytest.raises(InputError, match="thumbprint"):
            indexes.allocate(holder_key=name)
        assert indexes.count() == 0

    def test_a_type_that_no_column_takes_is_refused(self, store):
        indexes = StatusIndexAllocator(store, ISSUER, LIST)
        indexes.allocate(type_="x" * 255)
        with pytest.raises(InputError, match="256 characters"):
            indexes.allocate(type_="x" * 256)
        assert indexes.count() == 1

    def test_which_indexes_were_never_allocated(self, store):
        indexes = StatusIndexAllocator(store, ISSUER, LIST, 256)
        given = {indexes.allocate() for _ in range(5)}
        assert indexes.never_allocated(range(256)) == sorted(set(range(256)) - given)
        assert indexes.never_allocated(given) == []
        assert indexes.never_allocated([10**30]) == [10**30]
        assert (
            StatusIndexAllocator(store, OTHER, LIST).never_allocated([*given][:1]) == [*given][:1]
        )

    def test_whether_an_index_is_of_another_credential(self, store):
        indexes = StatusIndexAllocator(store, ISSUER, LIST)
        given = indexes.find(indexes.allocate(type_="kyc", holder_key=THUMBPRINT, issued_at=AT))
        assert not given.is_other("kyc", THUMBPRINT, AT)
        assert given.is_other("kyb", THUMBPRINT, AT)
        assert given.is_other("kyc", "B" * 43, AT)
        assert given.is_other("kyc", None, AT)
        assert given.is_other("kyc", THUMBPRINT, AT + YEAR)
        silent = indexes.find(indexes.allocate())
        assert not silent.is_other("kyc", THUMBPRINT, AT)
        assert StatusIndexAllocator(store, OTHER, LIST).find(given.index) is None

    def test_other_lists_of_the_same_issuer(self, store):
        StatusIndexAllocator(store, ISSUER, bytes(32)).allocate()
        StatusIndexAllocator(store, OTHER, LIST).allocate()
        indexes = StatusIndexAllocator(store, ISSUER, LIST)
        assert (indexes.count(), indexes.count_in_other_lists()) == (0, 1)
