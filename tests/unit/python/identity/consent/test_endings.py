"""The file with the ends of consents: what it holds comes back, and nothing else is read."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from careledger.chain.toolchain import ROOT
from careledger.crypto import canonical
from careledger.errors import CareLedgerError, InputError
from careledger.identity.consent import endings
from careledger.identity.consent.endings import MAX_ENDINGS, MAX_FILE_BYTES, Endings
from careledger.identity.consent.errors import EndingsElsewhere, MalformedEndings
from careledger.identity.consent.messages import (
    MAX_SIGNATURE,
    ConsentMessages,
    KeySigner,
    depends_on_foreign_contract,
)
from tests.unit.python.identity.consent.test_malformed import spoil_text, spoil_value
from tests.unit.python.identity.consent.test_protocol import COMPANY, CONSENT, CUSTOMER, REGISTRY
from tests.worlds.identity.registry import at

DOMAIN, BY, UNTIL = ConsentMessages(31337, REGISTRY), KeySigner(CUSTOMER), at(1_850_000_000)
REVOCATION = DOMAIN.signed_revocation(CONSENT, BY, UNTIL)
END = DOMAIN.signed_revoke_all(CUSTOMER.address, BY, 1_840_000_000, UNTIL)
ENDINGS = Endings.of(31337, REGISTRY, [END, REVOCATION])
DOCUMENT = ENDINGS.to_json()
PAGE = (ROOT / "docs" / "protocol" / "identity-consent.md").read_text()
OTHER = "0x" + "77" * 20


def revocation(**change):
    return DOCUMENT | {"revocations": [DOCUMENT["revocations"][0] | change]}


def consent(**change):
    return revocation(consent=DOCUMENT["revocations"][0]["consent"] | change)


def end(**change):
    return DOCUMENT | {"ends": [DOCUMENT["ends"][0] | change]}


class TestFile:
    def test_comes_back(self):
        assert Endings.read(ENDINGS.write()) == ENDINGS
        assert Endings.read(ENDINGS.write().decode()) == ENDINGS
        assert Endings.read(json.dumps(DOCUMENT, indent=2)) == ENDINGS

    def test_holds_revocations_and_ends_apart(self):
        assert (ENDINGS.revocations, ENDINGS.ends) == ((REVOCATION,), (END,))
        assert ENDINGS.acts == (REVOCATION, END)

    def test_tells_no_terms(self):
        assert CONSENT.terms.hash.hex() in ENDINGS.write().decode()
        for secret in (CONSENT.terms.scope.hex(), CONSENT.terms.salt.hex(), CONSENT.terms.grantee):
            assert secret not in ENDINGS.write().decode()

    def test_can_be_empty(self):
        nothing = Endings(31337, REGISTRY)
        assert Endings.read(nothing.write()) == nothing
        assert nothing.deadline_at is None

    def test_the_first_deadline_counts(self):
        sooner = replace(END, signed=replace(END.signed, deadline_at=UNTIL - timedelta(days=1)))
        assert Endings.of(31337, REGISTRY, [REVOCATION, sooner]).deadline_at == UNTIL - timedelta(
            days=1
        )

    def test_what_would_not_be_read_is_not_written(self):
        with pytest.raises(InputError, match="1,001 endings"):
            replace(ENDINGS, ends=(END,) * MAX_ENDINGS).write()
        big = replace(
            REVOCATION, signed=replace(REVOCATION.signed, signature=b"\1" * MAX_SIGNATURE)
        )
        with pytest.raises(InputError, match="in 2,097,152"):
            replace(ENDINGS, revocations=(big,) * 300).write()

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            (DOCUMENT | {"careledgerEndings": 2}, "careledgerEndings: not 1"),
            (DOCUMENT | {"careledgerEndings": True}, "careledgerEndings: not 1"),
            (DOCUMENT | {"chainId": "31337"}, "chainId: not an integer from 1"),
            (DOCUMENT | {"chainId": True}, "chainId: not an integer from 1"),
            (DOCUMENT | {"chainId": 0}, "chainId: not an integer from 1"),
            (DOCUMENT | {"registry": "here"}, "registry: address 'here' is not an address"),
            (DOCUMENT | {"revocations": {}}, "revocations: not a JSON array"),
            (DOCUMENT | {"ends": None}, "ends: not a JSON array"),
            (DOCUMENT | {"revocations": [None] * (MAX_ENDINGS + 1)}, "more than 1000 elements"),
            (
                DOCUMENT | {"revocations": [None] * MAX_ENDINGS},
                "1,001 endings, but a file has at most 1,000",
            ),
            (
                DOCUMENT | {"revocations": DOCUMENT["revocations"] * 2},
                f"consent 0x{CONSENT.id.hex()} is ended twice",
            ),
            (
                DOCUMENT | {"ends": DOCUMENT["ends"] * 2},
                f"subject {CUSTOMER.address} are ended twice",
            ),
            (DOCUMENT | {"revocations": [1]}, r"\$\.revocations\[0\]: not a JSON object"),
            (DOCUMENT | {"more": 1}, "more: unknown"),
            (revocation(epoch=0), "epoch: unknown"),
            (revocation(consent=[]), "consent: not a JSON object"),
            (revocation(signer="me"), "signer: address 'me' is not an address"),
            (revocation(deadline=-1), "deadline: not an integer"),
            (
                revocation(signature="0x" + "00" * (MAX_SIGNATURE + 1)),
                "signature: more than 4096 bytes",
            ),
            (consent(terms="0x12"), "terms: 1 bytes, not 32"),
            (consent(terms={}), "terms: not bytes as 0x"),
            (consent(expiry=1.5), "expiry: not an integer"),
            (consent(subject="0x" + "00" * 20), "nobody controls the zero address"),
            (end(subject="0x" + "00" * 20), "nobody controls the zero address"),
            (end(subject=7), "subject: address 7 is not an address"),
            (end(epoch=True), "epoch: not an integer"),
            (end(signature="0x1"), "signature: not bytes as 0x"),
        ],
    )
    def test_a_malformed_one_is_refused_with_its_sentence(self, document, sentence):
        with pytest.raises(MalformedEndings, match=sentence):
            Endings.read(json.dumps(document))

    @pytest.mark.parametrize("name", DOCUMENT)
    def test_a_missing_member_is_named(self, name):
        with pytest.raises(MalformedEndings, match=f"{name}: missing"):
            Endings.read(json.dumps({key: value for key, value in DOCUMENT.items() if key != name}))

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "not JSON"),
            (b"[]", "not a JSON object"),
            ("\ud800", "not UTF-8"),
            (b"[" * 100_000, "nested more than"),
            (b'{"ends":[],"ends":[]}', "given twice"),
            (b" " * (MAX_FILE_BYTES + 1), "at most 2,097,152 are read"),
        ],
    )
    def test_what_is_no_such_file_is_refused(self, content, sentence):
        with pytest.raises(MalformedEndings, match=sentence):
            Endings.read(content)

    def test_only_typed_refusals_come_out_of_what_somebody_has_spoilt(self):
        choose, sentences = random.Random(20300102), set()
        for _ in range(1_500):
            text = ENDINGS.write().decode()
            text = (
                json.dumps(spoil_value(choose, DOCUMENT))
                if choose.random() < 0.7
                else spoil_text(choose, text)
            )
            try:
                Endings.read(text)
            except CareLedgerError as refusal:
                sentences.add(str(refusal)[:80])
        assert len(sentences) > 30


class TestExpect:
    def test_the_registry_that_it_was_signed_for(self):
        ENDINGS.expect(31337, REGISTRY)

    @pytest.mark.parametrize(("chain", "registry"), [(1, REGISTRY), (31337, OTHER)])
    def test_any_other(self, chain, registry):
        with pytest.raises(
            EndingsElsewhere,
            match=f"signed for {REGISTRY} on chain 31337.*{registry} on chain {chain}$",
        ):
            ENDINGS.expect(chain, registry)


class TestDependsOnForeignContract:
    @pytest.mark.parametrize("act", [REVOCATION, END])
    def test_an_accounts_signature_is_not(self, act):
        assert not depends_on_foreign_contract(act, lambda _: b"", [])

    @pytest.mark.parametrize("act", [REVOCATION, END])
    def test_a_contract_wallets_is_whatever_its_length(self, act):
        assert depends_on_foreign_contract(
            act, lambda at: b"\xfe" if at == CUSTOMER.address else b"", [OTHER]
        )
        longer = replace(act, signed=replace(act.signed, signature=b"\1" * 100))
        assert depends_on_foreign_contract(longer, lambda _: b"", [OTHER])

    def test_a_passkeys_is_where_its_verifier_is_somebody_elses(self):
        signed = replace(REVOCATION.signed, signature=bytes.fromhex(OTHER[2:]) + b"\1" * 600)
        act = replace(REVOCATION, signed=signed)
        assert not depends_on_foreign_contract(act, lambda _: b"", [OTHER])
        assert depends_on_foreign_contract(act, lambda _: b"", [COMPANY.address])


class TestProtocolPage:
    def test_the_example(self):
        assert ENDINGS.write().decode() in PAGE
        assert canonical.dumps(DOCUMENT) == ENDINGS.write()

    def test_the_limits(self):
        section = PAGE[PAGE.index("### Endings") : PAGE.index("### Relay")]
        for limit in (
            f"{MAX_FILE_BYTES:,} bytes",
            f"{MAX_ENDINGS:,} endings",
            f"{endings.TO_HAND_IN.days} days",
        ):
            assert limit in section
