import stat

import pytest

from careledger.crypto.documents import MalformedDocument
from careledger.crypto.hashing import hkdf_sha256
from careledger.errors import InputError, NotFound
from careledger.interactions import formats
from careledger.interactions.keyring import Keyring

ANA, BOB = "did:web:people.example:ana", "did:web:people.example:bob"


class TestKeyring:
    def test_every_customer_has_a_random_key_of_their_own_for_good(self, tmp_path):
        file = tmp_path / "folder" / "keys.json"
        keys = Keyring(file)
        ana = keys.key(ANA)
        assert len(ana) == 32
        assert keys.key(ANA) == ana
        assert keys.key(BOB) != ana
        keys.write()
        assert Keyring(file).known_key(ANA) == ana
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_an_erased_key_is_gone(self, tmp_path):
        file = tmp_path / "keys.json"
        keys = Keyring(file)
        old = keys.key(ANA)
        keys.key(BOB)
        keys.write()
        keys.erase(ANA)
        assert old.hex() not in file.read_text()
        for one in (keys, Keyring(file)):
            with pytest.raises(NotFound, match="destroyed"):
                one.known_key(ANA)
            assert one.known_key(BOB)
        with pytest.raises(NotFound):
            keys.erase(ANA)
        assert keys.key(ANA) != old

    def test_without_a_file_it_lives_in_memory(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        keys = Keyring()
        keys.key(ANA)
        keys.write()
        assert list(tmp_path.iterdir()) == []

    def test_salts_follow_from_key_and_interaction(self):
        keys = Keyring()
        one, other = keys.salts(ANA, "call-1"), keys.salts(ANA, "call-2")
        assert len({*one, *other, *keys.salts(BOB, "call-1")}) == 6
        assert one == formats.salts(keys.known_key(ANA), "call-1")
        assert one[0] == hkdf_sha256(
            keys.known_key(ANA), b"careledger.interactions.v1", b"content\0call-1"
        )
        assert one[1] == hkdf_sha256(
            keys.known_key(ANA), b"careledger.interactions.v1", b"parties\0call-1"
        )

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"format":"careledger.keys/2","keys":{}}',
         '{"format":"careledger.keys/1","keys":[]}',
         '{"format":"careledger.keys/1","keys":{"a":"0x12"}}',
         '{"format":"careledger.keys/1","keys":{"a":null}}',
         '{"format":"careledger.keys/1","keys":{},"more":1}'],
    )  # fmt: skip
    def test_a_malformed_file_is_refused(self, tmp_path, text):
        (tmp_path / "keys.json").write_text(text)
        with pytest.raises(MalformedDocument, match="key file"):
            Keyring(tmp_path / "keys.json")

    def test_a_folder_is_no_key_file(self, tmp_path):
        with pytest.raises(InputError, match=r"the key file .* cannot be read"):
            Keyring(tmp_path)
