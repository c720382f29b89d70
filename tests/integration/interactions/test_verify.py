"""Receipts judged against a real node, against block hashes, after reorganisations, and with every part altered."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.crypto import state_proof
from careledger.crypto.documents import MalformedDocument
from careledger.errors import Conflict, InputError, NodeError, ProofError, WrongChain
from careledger.interactions import anchoring, evidence, formats
from careledger.interactions.batch import Batch
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import Receipt, ReceiptState
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import Verdict
from careledger.interactions.verification import verify, verify_offline
from tests.integration.interactions.conftest import add_delegate, change_owner
from tests.worlds.interactions import high_s

OTHER = sha256(b"other").digest()
DAY = 24 * 3600


@pytest.fixture
def held(desk):
    """A receipt out of the middle of the second of three batches."""
    desk.anchor(1)
    batch = desk.anchor(36)
    desk.anchor(5)
    return desk.receipt(batch, 17)


def altered(receipt, path, value):
    """The receipt with one member of its file replaced."""
    document = json.loads(receipt.dumps())
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return Receipt.loads(json.dumps(document))


class TestMatch:
    def test_every_member_of_batches_of_every_shape(self, desk):
        tree_sizes = []
        for count in (1, 2, 3, 7, 36):
            batch = desk.anchor(count)
            for place in {0, count // 2, count - 1}:
                receipt = desk.receipt(batch, place)
                result = verify(receipt, desk.chain, desk.log.address)
                assert result.verdict is Verdict.MATCH, result.sentence()
                assert not result.findings
                assert result.facts["id"] == desk.records()[place].id
                assert "unchanged" in result.sentence()
                offline = verify_offline(receipt, batch.anchor.block_hash, desk.log.address)
                assert offline.verdict is Verdict.MATCH
                assert len(receipt.dumps()) < 8_000
            tree_sizes.append(receipt.anchored.log.size)
        assert tree_sizes == [1, 2, 3, 4, 5]
        first = Batch.load(desk.folder / "batch-0.json")
        assert verify(desk.receipt(first), desk.chain).verdict is Verdict.MATCH

    def test_a_receipt_stays_good_while_the_log_grows(self, desk, held):
        for _ in range(3):
            desk.anchor(2)
            assert verify(held, desk.chain, desk.log.address).verdict is Verdict.MATCH

    def test_the_contract_agrees(self, desk, held):
        shown = held.anchored.batch
        assert desk.log.verify(held.log.brand, shown.id, held.fields, list(shown.proof))

    def test_a_final_block_is_said_to_be_final(self, desk, development):
        batch = desk.anchor(3)
        assert desk.receipt(batch).state is ReceiptState.MINED
        development.mine(70)
        receipt = desk.receipt(batch)
        assert receipt.state is ReceiptState.FINAL
        assert verify(receipt, desk.chain).facts["state"] == "FINAL"

    def test_a_receipt_without_record_matches_with_the_record_beside_it(self, desk):
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, 1, with_record=False)
        assert verify(receipt, desk.chain).verdict is Verdict.ERASED
        assert (
            verify(receipt.with_record(desk.records()[1].raw), desk.chain).verdict is Verdict.MATCH
        )
        assert verify(receipt.with_record(desk.records()[0].raw), desk.chain).parts == ["record"]

    def test_a_receipt_without_evidence_needs_a_node(self, desk):
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, with_evidence=False)
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH
        with pytest.raises(InputError, match="no offline evidence"):
            verify_offline(receipt, batch.anchor.block_hash)


ALTERATIONS = [
    (["record"], "{}", "record"),
    (["salts", "content"], "0x" + OTHER.hex(), "record"),
    (["salts", "parties"], "0x" + OTHER.hex(), "salts.parties"),
    (["interaction", "content"], "0x" + OTHER.hex(), "interaction.content"),
    (["interaction", "parties"], "0x" + OTHER.hex(), "interaction.parties"),
    (["interaction", "kind"], 9, "interaction.kind"),
    (["interaction", "startedAt"], 5, "interaction.startedAt"),
    (["interaction", "index"], 17, "interaction.index"),
    (["batch", "root"], "0x" + OTHER.hex(), "batch.root"),
    (["batch", "first"], 2, "batch.first"),
    (["batch", "count"], 35, "batch.count"),
    (["batch", "anchoredAt"], 5, "batch.anchoredAt"),
    (["batch", "proof"], [], "batch.proof"),
    (["log", "head"], "0x" + OTHER.hex(), "log.head"),
    (["log", "proof"], ["0x" + OTHER.hex()] * 2, "log.proof"),
]


class TestAltered:
    @pytest.mark.parametrize(("path", "value", "part"), ALTERATIONS)
    def test_a_node_shows_which_part(self, desk, held, path, value, part):
        result = verify(altered(held, path, value), desk.chain, desk.log.address)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])
        assert result.sentence().startswith("ALTERED: ")

    @pytest.mark.parametrize(
        ("path", "value", "part"), [row for row in ALTERATIONS if row[2] != "log.head"]
    )
    def test_the_evidence_shows_which_part(self, held, path, value, part):
        result = verify_offline(altered(held, path, value), held.anchored.place.block_hash)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])

    @pytest.mark.parametrize(
        ("path", "value", "part"),
        [
            (["batch", "id"], 0, "batch.id"), (["batch", "id"], 2, "batch.id"), (["batch", "id"], 99, "batch.id"),
            (["log", "size"], 2, "log.size"), (["log", "size"], 4, "log.size"), (["state"], "FINAL", "state"),
            (["anchor", "transaction"], "0x" + OTHER.hex(), "anchor.transaction"),
            (["evidence", "header"], "0x00", "evidence"), (["evidence", "account"], [], "evidence"),
            (["evidence", "root"], ["0xc0"], "evidence"), (["evidence", "numbers"], [], "evidence"),
        ],
    )  # fmt: skip
    def test_what_only_a_node_can_tell(self, desk, held, path, value, part):
        result = verify(altered(held, path, value), desk.chain, desk.log.address)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, [part])

    def test_every_changed_byte_of_the_record(self, desk, held):
        raw = held.record
        for at in range(0, len(raw), 29):
            for flip in (1, 0x20):
                changed = bytearray(raw)
                changed[at] ^= flip
                result = verify(replace(held, record=bytes(changed)), desk.chain)
                assert (result.verdict, result.parts) == (Verdict.ALTERED, ["record"])

    def test_anothers_transaction(self, desk, held):
        other = Batch.load(desk.folder / "batch-0.json").anchor
        result = verify(
            altered(held, ["anchor", "transaction"], "0x" + other.transaction_hash.hex()),
            desk.chain,
        )
        assert result.parts == ["anchor.transaction"]

    def test_the_block_of_another_batch(self, desk, held):
        other = Batch.load(desk.folder / "batch-0.json").anchor
        place = replace(
            held.anchored.place, block_number=other.block_number, block_hash=other.block_hash
        )
        result = verify(
            replace(held, evidence=None, anchored=replace(held.anchored, place=place)), desk.chain
        )
        assert result.parts == ["anchor.blockHash"]

    def test_another_brand(self, desk, held):
        changed = replace(held, log=replace(held.log, brand=desk.customer.address))
        assert verify(changed, desk.chain).parts == ["brand"]
        assert verify(replace(changed, record=None), desk.chain).verdict is Verdict.UNKNOWN

    def test_a_contract_that_is_not_the_trusted_one(self, desk, held):
        for result in (
            verify(held, desk.chain, desk.registry),
            verify_offline(held, OTHER, desk.registry),
        ):
            assert (result.verdict, result.parts) == (Verdict.ALTERED, ["contract"])

    def test_a_time_beyond_the_calendar(self, desk, held):
        result = verify(altered(held, ["batch", "anchoredAt"], 2**40 - 1), desk.chain)
        assert result.parts == ["batch.anchoredAt"]
        receipt = altered(held, ["batch", "anchoredAt"], 2**40 - 1)
        assert verify(
            replace(receipt, log=replace(held.log, contract=desk.registry)), desk.chain
        ).facts["anchoredAt"] == ("1099511627775 s")

    def test_another_batch_and_a_broken_proof(self, desk, held):
        shown = replace(held.anchored.batch, id=0, proof=(OTHER,))
        result = verify(replace(held, anchored=replace(held.anchored, batch=shown)), desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert {"batch.root", "batch.proof"} <= set(result.parts)

    def test_evidence_under_another_block_hash(self, held):
        result = verify_offline(held, OTHER)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, ["evidence"])


class TestUnknown:
    def test_an_address_without_our_code(self, desk, held):
        for address in (desk.registry, desk.customer.address):
            result = verify(replace(held, log=replace(held.log, contract=address)), desk.chain)
            assert (result.verdict, result.parts) == (Verdict.UNKNOWN, ["contract"])

    def test_a_batch_and_a_number_that_were_never_given(self, desk, held):
        anchored = replace(held.anchored, batch=replace(held.anchored.batch, id=99))
        result = verify(
            replace(held, anchored=anchored, fields=replace(held.fields, index=999)), desk.chain
        )
        assert (result.verdict, result.parts) == (Verdict.UNKNOWN, ["batch.id"])

    def test_another_chain_is_an_error_and_no_verdict(self, desk, held):
        with pytest.raises(WrongChain):
            verify(replace(held, log=replace(held.log, chain_id=1)), desk.chain)


class TestErased:
    def test_a_destroyed_key_leaves_a_leaf_that_says_nothing(self, desk):
        batch = desk.anchor(6)
        customer = batch.entries[2].record.customer
        kept = desk.receipt(batch, 2)
        desk.keyring.erase(customer)
        bare = desk.receipt(batch.erase(customer), 2)
        assert (bare.record, bare.salts) == (None, None)
        assert verify(bare, desk.chain).verdict is Verdict.ERASED
        assert "nothing can be said" in verify(bare, desk.chain).sentence()
        without_key = desk.receipt(batch, 2)
        assert without_key.salts is None
        assert anchoring.receipt(desk.log, batch, 2, None).salts is None
        assert (
            verify(kept, desk.chain).verdict is Verdict.MATCH
        )  # what the customer kept still proves


class TestPromise:
    def give(self, desk, anchor_by=None, signer=None, number=0):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchor_by = anchor_by or desk.chain.timestamp() + DAY
        signer = (signer or desk.agent).account
        return anchoring.promise(log, desk.records()[number], desk.keyring, anchor_by, signer)

    def test_it_is_pending_until_its_time_and_broken_after(self, desk, development):
        receipt = self.give(desk)
        assert Receipt.loads(receipt.dumps()) == receipt
        assert verify(receipt, desk.chain).verdict is Verdict.PENDING
        development.warp(receipt.promise.anchor_by)
        assert verify(receipt, desk.chain).verdict is Verdict.PENDING
        development.warp(receipt.promise.anchor_by + 1)
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.PROMISE_BROKEN
        assert "no proof that it did" in result.sentence()

    def test_the_brand_itself_can_promise(self, desk):
        assert verify(self.give(desk, signer=desk.brand), desk.chain).verdict is Verdict.PENDING

    def test_a_promise_by_a_stranger_is_none(self, desk):
        result = verify(self.give(desk, signer=desk.customer), desk.chain)
        assert (result.verdict, result.parts) == (Verdict.ALTERED, ["promise"])

    def test_a_changed_promise_is_found_out(self, desk):
        receipt = self.give(desk)
        later = replace(
            receipt, promise=replace(receipt.promise, anchor_by=receipt.promise.anchor_by + 1)
        )
        assert verify(later, desk.chain).parts == ["promise"]
        malleable = replace(
            receipt, promise=replace(receipt.promise, signature=high_s(receipt.promise.signature))
        )
        assert verify(malleable, desk.chain).parts == ["promise"]
        other = replace(receipt, record=desk.records()[1].raw)
        result = verify(other, desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert "record" in result.parts
        assert verify(replace(receipt, record=b"{}"), desk.chain).parts == ["record"]

    def test_kept_in_time_or_late(self, desk, development):
        promised = self.give(desk)
        batch = desk.anchor(3)
        receipt = desk.receipt(batch, promise=promised.promise)
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH
        promised = self.give(desk)
        development.warp(promised.promise.anchor_by + 5)
        late = desk.receipt(desk.anchor(2), promise=promised.promise)
        result = verify(late, desk.chain)
        assert result.verdict is Verdict.LATE
        assert "later than promised" in result.sentence()
        assert verify_offline(late, late.anchored.place.block_hash).verdict is Verdict.LATE

    def test_a_dismissed_agents_promise_no_longer_counts(self, desk):
        receipt = self.give(desk)
        add_delegate(desk.chain, desk.registry, desk.brand, desk.agent.address, 0)
        assert verify(receipt, desk.chain).parts == ["promise"]

    def test_a_wallet_that_is_a_contract_can_promise(self, desk, senders):
        from careledger.chain import artifacts

        code = (
            artifacts.load("Wallet1271").bytecode
            + bytes(12)
            + bytes.fromhex(desk.agent.address[2:])
        )
        wallet = senders[0].transact(None, code).contract_address
        add_delegate(desk.chain, desk.registry, desk.brand, wallet)
        receipt = self.give(desk)
        by_wallet = replace(receipt, promise=replace(receipt.promise, signer=wallet))
        assert verify(by_wallet, desk.chain).verdict is Verdict.PENDING
        broken = replace(by_wallet, promise=replace(by_wallet.promise, signature=bytes(65)))
        assert verify(broken, desk.chain).parts == ["promise"]
        no_wallet = replace(receipt, promise=replace(receipt.promise, signer=desk.registry))
        assert verify(no_wallet, desk.chain).parts == ["promise"]


class TestAcknowledgement:
    @pytest.fixture
    def signed(self, desk):
        """A receipt of an interaction with the customer of the desk, countersigned."""
        person = formats.did(desk.chain.chain_id, desk.customer.address)
        item = json.loads(desk.records()[0].raw) | {"customer": person}
        record = InteractionRecord.create(item, desk.name)
        path = desk.folder / "personal.json"
        batch = anchoring.prepare(desk.log, desk.brand.address, [record], desk.keyring, path)
        batch = anchoring.anchor(desk.log, batch, path)
        given = anchoring.acknowledgement(
            batch.log,
            desk.customer.address,
            batch.entries[0].fields,
            desk.chain.timestamp() + DAY,
            desk.customer.account,
        )
        return desk.receipt(batch, acknowledgement=given)

    def test_it_is_checked_and_whether_it_was_relayed_is_told(self, desk, signed):
        assert Receipt.loads(signed.dumps()) == signed
        result = verify(signed, desk.chain)
        assert (result.verdict, result.facts["acknowledgedAt"]) == (Verdict.MATCH, None)
        given = signed.acknowledgement
        desk.log.acknowledge_by_sig(
            given.customer, desk.brand.address, signed.anchored.batch.id, signed.fields, [],
            deadline=given.deadline, signature=given.signature,
        )  # fmt: skip
        assert verify(signed, desk.chain).facts["acknowledgedAt"].endswith("Z")
        assert verify_offline(signed, signed.anchored.place.block_hash).verdict is Verdict.MATCH

    def test_anothers_signature_and_another_customer(self, desk, signed):
        given = signed.acknowledgement
        for changed in (replace(given, deadline=given.deadline + 1), replace(given, signature=b""),
                        replace(given, customer=desk.brand.address)):  # fmt: skip
            result = verify(replace(signed, acknowledgement=changed), desk.chain)
            assert (result.verdict, result.parts) == (Verdict.ALTERED, ["acknowledgement"])
        own = anchoring.acknowledgement(
            signed.log, desk.brand.address, signed.fields, given.deadline, desk.brand.account
        )
        assert verify(replace(signed, acknowledgement=own), desk.chain).parts == ["acknowledgement"]

    def test_a_rotated_key_does_not_sign_any_more(self, desk, signed):
        change_owner(desk.registry, desk.customer, desk.agent.address)
        assert verify(signed, desk.chain).parts == ["acknowledgement"]


class TestReorganisation:
    @pytest.fixture
    def own(self, desk, development):
        """The desk before anything was anchored, and the way back to it."""
        snapshot = development.snapshot()

        def back(blocks):
            """Undo what was anchored, and let the chain go on without it."""
            nonlocal snapshot
            development.revert(snapshot)
            snapshot = development.snapshot()
            development.mine(blocks)
            desk.log = desk.log.using(
                Sender(desk.chain, desk.agent.account)
            )  # nonces went back, too

        return desk, back

    def test_the_same_batch_in_another_block(self, own):
        desk, back = own
        batch = desk.anchor(5, "batch.json")
        receipt = desk.receipt(batch, 1)
        back(2)
        assert verify(receipt, desk.chain).verdict is Verdict.UNKNOWN
        with pytest.raises(Conflict, match="anchor it again"):
            desk.receipt(batch, 1)
        again = anchoring.anchor(desk.log, batch, desk.folder / "batch.json")
        assert again.anchor.block_hash != batch.anchor.block_hash
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        assert "anchor.blockHash" in result.parts
        fresh = desk.receipt(batch, 1)  # from the file of before: the place is looked up anew
        assert fresh.anchored.place.block_hash == again.anchor.block_hash
        assert verify(fresh, desk.chain).verdict is Verdict.MATCH

    def test_the_same_batch_in_an_earlier_block(self, own):
        desk, back = own
        back(9)
        batch = desk.anchor(5, "batch.json")
        back(0)
        again = anchoring.anchor(desk.log, batch)
        assert again.anchor.block_number < batch.anchor.block_number
        assert desk.receipt(batch).anchored.place.block_number == again.anchor.block_number

    def test_another_batch_in_its_place(self, own):
        desk, back = own
        receipt = desk.receipt(desk.anchor(5, "batch.json"), 1)
        back(1)
        desk.anchor(7, "other.json")
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        with pytest.raises(Conflict):
            desk.receipt(Batch.load(desk.folder / "batch.json"), 1)

    def test_the_same_batch_under_another_id(self, own):
        """Two batches were anchored, and came back as one and the rest: the numbers stayed, the ids did not."""
        desk, back = own
        one, two = desk.anchor(2, "one.json"), desk.anchor(3, "two.json")
        receipt = desk.receipt(two, 1)
        back(1)
        for entry in one.entries:
            single = Batch(one.log, entry.fields.index, (entry,))
            anchoring.anchor(desk.log, single)
        anchoring.anchor(desk.log, two)
        result = verify(receipt, desk.chain)
        assert result.verdict is Verdict.REORGED
        assert result.facts["batch"] == 2
        assert desk.receipt(two, 1).anchored.batch.id == 2

    def test_a_chain_that_became_shorter(self, own):
        desk, back = own
        receipt = desk.receipt(desk.anchor(5, "batch.json"), 1)
        back(0)
        result = verify(receipt, desk.chain)
        assert (result.verdict, result.parts) == (
            Verdict.UNKNOWN,
            ["batch.id", "anchor.blockNumber"],
        )

    def test_what_is_altered_besides_is_still_altered(self, own):
        desk, back = own
        batch = desk.anchor(5, "batch.json")
        receipt = desk.receipt(batch, 1)
        back(2)
        anchoring.anchor(desk.log, batch)
        result = verify(replace(receipt, record=b"{}"), desk.chain)
        assert result.verdict is Verdict.ALTERED
        assert "record" in result.parts


class TestPrepare:
    def test_a_killed_run_is_taken_up(self, desk):
        path = desk.folder / "batch.json"
        one = anchoring.prepare(desk.log, desk.brand.address, desk.records(5), desk.keyring, path)
        again = anchoring.prepare(desk.log, desk.brand.address, desk.records(5), Keyring(), path)
        assert again == one  # from the file: new keys would have given other leaves
        desk.log.anchor(
            one.log.brand, one.root, one.count, one.first
        )  # killed before the file was written again
        done = anchoring.anchor(desk.log, again, path)
        assert (done.anchor.id, desk.log.head(desk.brand.address).batches) == (0, 1)
        assert Batch.load(path).anchor.transaction_hash == done.anchor.transaction_hash

    def test_the_file_of_another_batch_is_not_overwritten(self, desk):
        path = desk.folder / "batch.json"
        anchoring.prepare(desk.log, desk.brand.address, desk.records(5), desk.keyring, path)
        with pytest.raises(Conflict, match="another batch"):
            anchoring.prepare(desk.log, desk.brand.address, desk.records(6), desk.keyring, path)
        with pytest.raises(Conflict, match="another batch"):
            anchoring.prepare(desk.log, desk.customer.address, desk.records(5), desk.keyring, path)

    def test_an_unanchored_batch_has_no_receipt(self, desk):
        batch = anchoring.prepare(
            desk.log, desk.brand.address, desk.records(5), desk.keyring, desk.folder / "batch.json"
        )
        with pytest.raises(Conflict, match="not anchored yet"):
            desk.receipt(batch)


class LyingChain(Chain):
    """A node that answers some questions as the test wants."""

    def __init__(self, url, lies):
        self.lies = lies
        super().__init__(url)

    def request(self, method, *params):
        if method in self.lies:
            answer = self.lies[method]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return super().request(method, *params)


class TestLogTree:
    def test_without_logs_it_is_read_from_the_contract(self, desk, held):
        for lies in ({"eth_getLogs": []}, {"eth_getLogs": NodeError("pruned")}):
            log = type(desk.log)(LyingChain(desk.chain.url, lies), desk.log.address)
            tree = anchoring.log_tree(log, desk.brand.address)
            assert tree.root() == desk.log.head(desk.brand.address).root
            assert verify(held, log.chain).parts == []

    def test_a_node_that_contradicts_itself_is_caught(self, desk, held, monkeypatch):
        monkeypatch.setattr(type(desk.log), "record_of", lambda *_: b"a lie")
        log = type(desk.log)(LyingChain(desk.chain.url, {"eth_getLogs": []}), desk.log.address)
        with pytest.raises(ProofError, match="contradicts itself"):
            anchoring.log_tree(log, desk.brand.address)

    def test_events_that_are_a_lie_are_not_believed(self, desk, held):
        logs = desk.chain.request(
            "eth_getLogs", {"address": desk.log.address, "fromBlock": "0x0", "toBlock": "latest"}
        )
        forged = [log | {"topics": [*log["topics"][:3], "0x" + OTHER.hex()]} for log in logs]
        log = type(desk.log)(LyingChain(desk.chain.url, {"eth_getLogs": forged}), desk.log.address)
        assert (
            anchoring.log_tree(log, desk.brand.address).root()
            == desk.log.head(desk.brand.address).root
        )


class TestEvidence:
    def test_it_is_small_and_about_one_block(self, desk):
        batch = desk.anchor(36)
        receipt = desk.receipt(batch)
        parts = receipt.evidence
        size = len(parts.header) + sum(map(len, (*parts.account, *parts.root, *parts.numbers)))
        assert size < 4_000
        header = state_proof.open_header(parts.header, batch.anchor.block_hash)
        assert header.number == batch.anchor.block_number

    def test_even_odd_last_and_overtaken_batches(self, desk):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchors = [desk.anchor(count).anchor for count in (3, 1, 4, 2, 5)]
        newest = bytes.fromhex(desk.chain.block("latest")["hash"][2:])
        for anchor in anchors:
            there = desk.log.batch(desk.brand.address, anchor.id)
            for block_hash in (anchor.block_hash, newest):
                made = evidence.collect(desk.chain, log, anchor.id, block_hash)
                assert evidence.check(made, log, anchor.id, block_hash) == there

    def test_it_proves_nothing_but_its_batch(self, desk):
        log = anchoring.log_address(desk.log, desk.brand.address)
        anchors = [desk.anchor(count).anchor for count in (3, 1, 4)]
        made = evidence.collect(desk.chain, log, 2, anchors[2].block_hash)
        for batch_id in (0, 1, 3, 4):
            with pytest.raises(ProofError):
                evidence.check(made, log, batch_id, anchors[2].block_hash)
        old = evidence.collect(desk.chain, log, 0, anchors[2].block_hash)
        with pytest.raises(ProofError, match="numbers of batch 2"):
            evidence.check(replace(old, numbers=made.numbers), log, 0, anchors[2].block_hash)
        for other in (
            replace(log, brand=desk.customer.address),
            replace(log, contract=desk.customer.address),
        ):
            with pytest.raises(ProofError):
                evidence.check(made, other, 2, anchors[2].block_hash)
            with pytest.raises(ProofError):
                evidence.collect(desk.chain, other, 2, anchors[2].block_hash)

    def test_a_node_that_answers_nonsense_gives_no_evidence(self, desk):
        batch = desk.anchor(3)
        for answer in (
            {},
            {"accountProof": [], "storageProof": []},
            {"accountProof": 5, "storageProof": [5, 5, 5]},
        ):
            chain = LyingChain(desk.chain.url, {"eth_getProof": answer})
            with pytest.raises(ProofError):
                evidence.collect(chain, batch.log, 0, batch.anchor.block_hash)
            log = type(desk.log)(chain, desk.log.address)
            assert anchoring.receipt(log, batch, 0, desk.keyring).evidence is None

    def test_a_node_without_old_state_gives_a_receipt_without_evidence(self, desk):
        batch = desk.anchor(3)
        chain = LyingChain(desk.chain.url, {"eth_getProof": NodeError("missing trie node")})
        receipt = anchoring.receipt(type(desk.log)(chain, desk.log.address), batch, 0, desk.keyring)
        assert receipt.evidence is None
        assert verify(receipt, desk.chain).verdict is Verdict.MATCH


def test_finality_of_a_node_that_does_not_know_the_word(desk):
    chain = LyingChain(desk.chain.url, {"eth_getBlockByNumber": None})
    assert anchoring.finality(chain, 0) is ReceiptState.MINED


def test_another_chain_with_the_same_contract_knows_nothing_of_it(desk, held, senders):
    """The same suite at the same addresses, and an empty log."""
    from careledger.chain.deploy import deploy

    with LocalNode("anvil", extra=["--timestamp", str(desk.chain.timestamp())]) as other:
        addresses = deploy(other, Sender(other, senders[0].account), desk.folder / "deployments")
        assert addresses["InteractionLog"] == desk.log.address
        assert verify(held, other).verdict is Verdict.UNKNOWN


def test_a_record_that_is_no_record_is_not_anchored(desk):
    with pytest.raises(MalformedDocument):
        InteractionRecord.create({"id": "x"}, desk.name)
