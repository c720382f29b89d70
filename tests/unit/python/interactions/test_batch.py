import json

import pytest

from careledger.crypto import merkle
from careledger.crypto.documents import MalformedDocument
from careledger.errors import InputError, NotFound, ProofError, SettingsError
from careledger.interactions import batch as module
from careledger.interactions import formats
from careledger.interactions.batch import Batch
from careledger.interactions.client import Anchor
from careledger.interactions.keyring import Keyring
from tests.worlds.interactions import leaf, paper_batch, paper_log


class TestBuild:
    def test_numbers_follow_each_other_and_every_leaf_is_proven(self):
        batch, _ = paper_batch(7, first=40)
        assert [entry.fields.index for entry in batch.entries] == list(range(40, 47))
        for place, entry in enumerate(batch.entries):
            assert batch.tree.leaf(place) == leaf(batch.log, entry.fields)
            value = formats.leaf_value(batch.log, entry.fields)
            merkle.verify(value, batch.tree.proof(place), batch.root, batch.count)

    def test_the_root_of_one_interaction_is_its_leaf(self):
        batch, _ = paper_batch(1)
        assert batch.root == leaf(batch.log, batch.entries[0].fields)

    def test_a_batch_has_a_size(self, monkeypatch):
        with pytest.raises(InputError, match="not 0"):
            Batch.build(paper_log(), [], Keyring(), 0)
        monkeypatch.setattr(module, "MAX_COUNT", 4)
        with pytest.raises(InputError, match="1 to 4"):
            paper_batch(5)

    def test_the_same_words_give_commitments_that_cannot_be_told_apart(self):
        """Two brands, or two customers, with the same record share nothing on chain."""
        one, _ = paper_batch(3)
        other, _ = paper_batch(3)
        for a, b in zip(one.entries, other.entries, strict=True):
            assert a.record.raw == b.record.raw
            assert a.fields.content != b.fields.content
            assert a.fields.parties != b.fields.parties

    def test_interactions_are_found_by_their_id(self):
        batch, _ = paper_batch(3, first=10)
        assert batch.find("call-11") == 1
        with pytest.raises(NotFound, match="'call-99'"):
            batch.find("call-99")


class TestErase:
    def test_leaves_and_proofs_stay_and_the_records_go(self):
        batch, _ = paper_batch(6)
        gone = batch.entries[1].record.customer
        erased = batch.without_customer(gone)
        assert erased.root == batch.root
        assert [entry.record is None for entry in erased.entries] == [
            False,
            True,
            False,
            False,
            True,
            False,
        ]
        assert [entry.fields for entry in erased.entries] == [
            entry.fields for entry in batch.entries
        ]
        with pytest.raises(NotFound, match="erased"):
            erased.find(batch.entries[1].record.id)
        assert batch.entries[1].record.raw.decode() not in json.loads(erased.canonical())["entries"]
        assert Batch.parse(erased.canonical()) == erased


class TestFile:
    @pytest.mark.parametrize("anchor", [None, Anchor(3, b"\x01" * 32, 9, b"\x02" * 32, None)])
    def test_what_is_saved_is_loaded(self, tmp_path, anchor):
        batch, _ = paper_batch(5)
        batch = batch.with_anchor(anchor)
        batch.write(tmp_path / "batch.json")
        assert Batch.read(tmp_path / "batch.json") == batch

    def test_a_file_that_is_not_there_is_one_sentence(self, tmp_path):
        with pytest.raises(SettingsError, match="batch file"):
            Batch.read(tmp_path / "nothing.json")

    def test_a_changed_leaf_is_found_out(self):
        document = json.loads(paper_batch(5)[0].canonical())
        document["entries"][2]["startedAt"] += 1
        with pytest.raises(ProofError, match="altered"):
            Batch.parse(json.dumps(document).encode())

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (["format"], "careledger.batch/2"), (["chainId"], -1), (["contract"], "0x12"),
            (["brand"], None),
            (["first"], "0"), (["root"], "0x00"), (["entries"], []), (["entries"], {}),
            (["entries", 0, "kind"], 2**16),
            (["entries", 0, "content"], "0x"), (["entries", 0, "more"], 1),
            (["entries", 0, "record"], "{}"),
            (["entries", 0, "record"], 5), (["anchor"], {}), (["more"], 1),
            (["anchor"], {"id": 0, "transaction": "0x", "blockNumber": 0, "blockHash": "0x"}),
        ],
    )  # fmt: skip
    def test_a_malformed_file_is_named(self, path, value):
        document = json.loads(paper_batch(5)[0].canonical())
        target = document
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
        with pytest.raises(MalformedDocument, match="batch file"):
            Batch.parse(json.dumps(document).encode())
