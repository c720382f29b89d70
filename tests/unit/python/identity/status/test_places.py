from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest

from careledger.errors import InputError
from careledger.identity.status.errors import ListFull
from careledger.identity.status.places import Given, Places
from careledger.store import Store

AT, YEAR, THUMBPRINT = datetime(2030, 1, 1, tzinfo=UTC), timedelta(days=365), "A" * 43
ISSUER, OTHER, LIST = "0x" + "11" * 20, "0x" + "22" * 20, b"\1" * 32


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "issuer.db") as opened:
        yield opened


def take_some(file, count):
    with Store.open(file) as opened:
        places = Places(opened, ISSUER, LIST, 100)
        return [places.take() for _ in range(count)]


def test_every_place_is_given_once_then_the_list_is_full(store):
    places = Places(store, ISSUER, LIST, 40)
    given = [places.take() for _ in range(40)]
    assert sorted(given) == list(range(40))
    assert given != sorted(given), "a place says nothing about the order"
    assert places.taken() == 40
    with pytest.raises(ListFull, match="all 40 places"):
        places.take()


def test_every_list_has_places_of_its_own(store):
    full = Places(store, ISSUER, LIST, 1)
    assert full.take() == 0
    assert Places(store, OTHER, LIST, 1).take() == 0
    assert Places(store, ISSUER, bytes(32), 1).take() == 0
    with pytest.raises(ListFull):
        full.take()


def test_places_are_spread_over_the_whole_list(store):
    places = Places(store, ISSUER, LIST)
    given = [places.take() for _ in range(60)]
    assert len(set(given)) == 60
    assert {index * 4 // places.size for index in given} == {0, 1, 2, 3}


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
        Places(store, issuer, list_id, size)


class TestGiven:
    def test_what_was_given_is_told_in_the_order_of_issuing(self, store):
        places = Places(store, ISSUER, LIST)
        second = places.take(
            type_="kyc", holder_key=THUMBPRINT, issued_at=AT + YEAR, expires_at=AT + 2 * YEAR
        )
        first = places.take(type_="kyc", issued_at=AT)
        silent = places.take()
        assert places.given() == [
            Given(silent, None, None, None, None),
            Given(first, "kyc", None, AT, None),
            Given(second, "kyc", THUMBPRINT, AT + YEAR, AT + 2 * YEAR),
        ]
        assert Places(store, OTHER, LIST).given() == []

    @pytest.mark.parametrize(
        "name", ["", "did:ethr:0x" + "11" * 20, "A" * 42, "A" * 44, "A" * 42 + "+", "A" * 42 + "\n"]
    )
    def test_a_person_is_named_by_nothing_but_a_thumbprint(self, store, name):
        places = Places(store, ISSUER, LIST)
        with pytest.raises(InputError, match="thumbprint"):
            places.take(holder_key=name)
        assert places.taken() == 0

    def test_a_type_that_no_column_takes_is_refused(self, store):
        places = Places(store, ISSUER, LIST)
        places.take(type_="x" * 255)
        with pytest.raises(InputError, match="256 characters"):
            places.take(type_="x" * 256)
        assert places.taken() == 1

    def test_which_places_nobody_ever_got(self, store):
        places = Places(store, ISSUER, LIST, 256)
        given = {places.take() for _ in range(5)}
        assert places.never_given(range(256)) == sorted(set(range(256)) - given)
        assert places.never_given(given) == []
        assert places.never_given([10**30]) == [10**30]
        assert Places(store, OTHER, LIST).never_given([*given][:1]) == [*given][:1]

    def test_whether_a_place_is_another_credentials(self, store):
        places = Places(store, ISSUER, LIST)
        given = places.find(places.take(type_="kyc", holder_key=THUMBPRINT, issued_at=AT))
        assert not given.is_other("kyc", THUMBPRINT, AT)
        assert given.is_other("kyb", THUMBPRINT, AT)
        assert given.is_other("kyc", "B" * 43, AT)
        assert given.is_other("kyc", None, AT)
        assert given.is_other("kyc", THUMBPRINT, AT + YEAR)
        silent = places.find(places.take())
        assert not silent.is_other("kyc", THUMBPRINT, AT)
        assert Places(store, OTHER, LIST).find(given.index) is None

    def test_other_lists_of_the_same_issuer(self, store):
        Places(store, ISSUER, bytes(32)).take()
        Places(store, OTHER, LIST).take()
        places = Places(store, ISSUER, LIST)
        assert (places.taken(), places.others()) == (0, 1)
