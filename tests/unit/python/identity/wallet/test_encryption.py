import json
import time
from hashlib import sha256

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from careledger.errors import CareLedgerError, InputError
from careledger.identity.credentials.jose import decode
from careledger.identity.wallet.encryption import MIN_WORK, WORK, EncryptedWallet, PasswordKey
from careledger.identity.wallet.errors import MalformedWallet, WalletDamaged, WrongPassword

PASSWORD, CONTENT = "correct horse", b'{"secret":"distinctive"}'
LOCK = PasswordKey.derive(PASSWORD, MIN_WORK)
RAW = LOCK.encrypt(CONTENT)
HEADER, BODY, CHECKSUM, _ = RAW.split(b"\n")


def opened(raw, password=PASSWORD):
    return EncryptedWallet.parse(raw).decrypt(password)[0]


def checked(header, body=BODY):
    """Return a file whose checksum is right, whatever stands in it: as a thief would write it."""
    if isinstance(header, dict):
        header = json.dumps(header, separators=(",", ":")).encode()
    start = header + b"\n" + body + b"\n"
    return start + sha256(start).hexdigest().encode() + b"\n"


def changed(**fields):
    document = json.loads(HEADER)
    kdf = fields.pop("kdf", {})
    return checked(document | fields | {"kdf": document["kdf"] | kdf})


class TestThereAndBack:
    def test_the_content_comes_back_padded(self):
        assert opened(RAW).rstrip(b" ") == CONTENT
        assert len(opened(RAW)) == 1024

    def test_nothing_of_it_can_be_read_from_the_file(self):
        assert b"distinctive" not in RAW
        assert PASSWORD.encode() not in RAW

    def test_every_file_has_an_initialisation_vector_of_its_own(self):
        files = [LOCK.encrypt(CONTENT) for _ in range(50)]
        assert len({json.loads(raw.split(b"\n")[0])["iv"] for raw in files}) == 50
        assert len({raw.split(b"\n")[1] for raw in files}) == 50

    def test_every_lock_has_a_salt_of_its_own(self):
        assert PasswordKey.derive(PASSWORD, MIN_WORK).key != LOCK.key

    def test_a_password_typed_in_another_unicode_form_is_the_same(self):
        raw = PasswordKey.derive("Caf\u00e9 \ufb01n", MIN_WORK).encrypt(CONTENT)
        assert opened(raw, "Cafe\u0301 fin").startswith(CONTENT)

    def test_what_is_unlocked_is_sealed_again_without_stretching_anew(self):
        _, lock = EncryptedWallet.parse(RAW).decrypt(PASSWORD)
        assert opened(lock.encrypt(b"new")).rstrip() == b"new"

    def test_the_key_is_in_no_repr(self):
        assert LOCK.key.hex() not in repr(LOCK)
        assert repr(LOCK.key) not in repr(LOCK)


class TestRefusals:
    def test_a_wrong_password_is_told_from_damage(self):
        with pytest.raises(WrongPassword, match="not the password of this wallet"):
            opened(RAW, "correct horsf")
        with pytest.raises(WrongPassword, match="empty"):
            opened(RAW, "")

    def test_every_wrong_bit_is_damage_and_never_a_wrong_password(self):
        for at in range(0, len(RAW), 7):
            bent = bytearray(RAW)
            bent[at] ^= 1
            with pytest.raises(MalformedWallet):
                EncryptedWallet.parse(bytes(bent))

    @pytest.mark.parametrize(
        "length", [0, 1, 20, len(HEADER), len(HEADER) + 1, len(RAW) - 66, len(RAW) - 1]
    )
    def test_a_file_that_was_cut_is_damaged(self, length):
        with pytest.raises(MalformedWallet):
            EncryptedWallet.parse(RAW[:length])

    def test_what_somebody_changed_on_purpose_is_told_from_a_wrong_password(self):
        body = bytearray(BODY)
        body[5] = (
            body[5] ^ 1
            if chr(body[5] ^ 1).isalnum()
            else ord("A")
            if body[5] != ord("A")
            else ord("B")
        )
        with pytest.raises(WalletDamaged, match="did not know its password"):
            opened(checked(HEADER, bytes(body)))

    def test_the_first_line_is_authenticated_as_it_stands(self):
        spaced = HEADER.replace(b",", b", ")
        assert json.loads(spaced) == json.loads(HEADER)
        with pytest.raises(WalletDamaged):
            opened(checked(spaced))

    def test_the_iv_is_authenticated(self):
        with pytest.raises(WalletDamaged):
            opened(changed(iv="A" * 16))

    @pytest.mark.parametrize("salt", ["A" * 43])
    def test_another_salt_is_a_wrong_password(self, salt):
        with pytest.raises(WrongPassword):
            opened(changed(kdf={"salt": salt}))

    @pytest.mark.parametrize(
        "kdf",
        [
            {"n": 2**18},
            {"n": 2**30},
            {"n": 2**63},
            {"n": 2**13},
            {"n": 1},
            {"n": 0},
            {"n": -1},
            {"n": MIN_WORK + 1},
            {"n": "16384"},
            {"n": None},
            {"n": 16384.0},
            {"n": True},
            {"r": 1},
            {"r": 10**6},
            {"p": 2},
            {"p": 10**9},
            {"p": None},
            {"name": "pbkdf2"},
            {"name": None},
        ],
    )
    def test_a_hostile_file_cannot_ask_for_more_or_less_work(self, kdf):
        began = time.thread_time()
        with pytest.raises(MalformedWallet):
            opened(changed(kdf=kdf))
        assert time.thread_time() - began < 0.1, "refused before anything is computed"

    @pytest.mark.parametrize(
        "fields",
        [
            {"careledgerWallet": 2},
            {"careledgerWallet": None},
            {"careledgerWallet": "1"},
            {"cipher": "none"},
            {"more": 1},
            {"cipher": None},
            {"iv": "AAAA"},
            {"iv": None},
            {"iv": "!" * 16},
            {"check": "A" * 21},
            {"check": 7},
            {"kdf": {"salt": "AAAA"}},
            {"kdf": {"salt": None}},
            {"kdf": {"more": 1}},
            {"x" * 600: 1},
        ],
    )
    def test_a_bent_header_is_refused(self, fields):
        with pytest.raises(MalformedWallet):
            opened(changed(**fields))

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{}",
            b"\n\n\n",
            b'{"careledgerWallet":',
            b'{"careledgerWallet":1}\n',
            checked(b'{"careledgerWallet":[[['),
            b'{"version":3,"crypto":{}}',
            checked(b'{"careledgerWallet":1,"kdf":[]}'),
            checked(b'{"careledgerWallet":' + b"[" * 400),
            checked(b'{"careledgerWallet":1}'),
            checked(HEADER, b"!"),
            checked(HEADER, b"\xff"),
        ],
        # the bytes are new in every run, and parallel workers must agree on the names
        ids=range(12),
    )
    def test_another_file_is_refused(self, raw):
        with pytest.raises(MalformedWallet):
            EncryptedWallet.parse(raw)

    @pytest.mark.parametrize("work", [0, 1, 2**13, 2**18, MIN_WORK + 1, -MIN_WORK])
    def test_a_lock_of_another_strength_is_not_made(self, work):
        with pytest.raises(InputError, match="power of two"):
            PasswordKey.derive(PASSWORD, work)

    def test_an_empty_password_is_not_taken(self):
        with pytest.raises(InputError, match="protects nothing"):
            PasswordKey.derive("")

    def test_new_files_have_the_full_strength(self):
        assert WORK == 2**17


def _json():
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.text(max_size=50)
        | st.just("A" * 43)
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=9,
    )


@settings(max_examples=250, deadline=None)
@given(st.data())
@example(None)
def test_a_malformed_file_is_an_error_of_ours_within_a_second(data):
    if data is None:
        raw = RAW
    elif data.draw(st.booleans()):
        document = json.loads(HEADER)
        name = data.draw(st.sampled_from(sorted(document)))
        inner = data.draw(st.sampled_from(["", *sorted(document["kdf"])]))
        if name == "kdf" and inner:
            document["kdf"][inner] = data.draw(_json())
        else:
            document[name] = data.draw(_json())
        raw = checked(
            document, data.draw(st.sampled_from([BODY, b"", b"AAAA"]) | st.binary(max_size=40))
        )
    else:
        at = data.draw(st.integers(0, len(RAW)))
        raw = (
            RAW[:at] + data.draw(st.binary(max_size=30)) + RAW[at + data.draw(st.integers(0, 3)) :]
        )
    began = time.thread_time()
    try:
        found = opened(raw)
    except CareLedgerError:
        pass
    else:
        assert found.startswith(CONTENT)
        assert raw == RAW
    assert time.thread_time() - began < 1


def test_the_checksum_covers_the_lines_before_it():
    assert CHECKSUM.decode() == sha256(HEADER + b"\n" + BODY + b"\n").hexdigest()
    assert len(decode(BODY.decode())) == 1024 + 16
