from multiprocessing import get_context

import pytest

from careledger.errors import InputError
from careledger.identity.status.errors import ListFull
from careledger.identity.status.places import Places
from careledger.store import Store

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


@pytest.mark.parametrize(("issuer", "list_id", "size"), [("0x", LIST, 1), (ISSUER, b"", 1), (ISSUER, LIST, 0)])
def test_what_is_no_list_is_refused(store, issuer, list_id, size):
    with pytest.raises(InputError):
        Places(store, issuer, list_id, size)
