import hmac
from hashlib import pbkdf2_hmac

import pytest
from eth_account import Account

from careledger.errors import InputError
from careledger.identity.wallet.seed import MAX_INDEX, new_words, seed_of, subject_key

ZERO = "abandon " * 11 + "about"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def derived(seed, *steps):
    """BIP-32 by hand, hardened steps only."""
    node = hmac.digest(b"Bitcoin seed", seed, "sha512")
    for step in steps:
        child = hmac.digest(
            node[32:], b"\0" + node[:32] + (step + 2**31).to_bytes(4, "big"), "sha512"
        )
        key = (int.from_bytes(child[:32], "big") + int.from_bytes(node[:32], "big")) % ORDER
        node = key.to_bytes(32, "big") + child[32:]
    return node[:32]


class TestWords:
    def test_the_vector_of_bip_39(self):
        seed = seed_of(ZERO)
        assert seed == pbkdf2_hmac("sha512", ZERO.encode(), b"mnemonic", 2048)
        assert seed.hex().startswith(
            "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
        )

    def test_new_words_are_twelve_and_never_the_same(self):
        found = [new_words() for _ in range(20)]
        assert {len(words.split()) for words in found} == {12}
        assert len(set(found)) == 20
        assert all(len(seed_of(words)) == 64 for words in found)

    @pytest.mark.parametrize(
        "words",
        [
            "",
            "abandon",
            "abandon " * 12,
            ZERO + " about",
            ZERO.replace("about", "zebra"),
            "distinctive " * 12,
            "\ud800",
        ],
    )
    def test_wrong_words_are_refused_and_quoted_nowhere(self, words):
        with pytest.raises(InputError, match="not the words of a wallet") as refused:
            seed_of(words)
        assert not any(word in str(refused.value) for word in ("abandon", "zebra", "distinctive"))
        assert refused.value.__suppress_context__

    def test_spaces_do_not_matter(self):
        assert seed_of("  " + ZERO.replace(" ", "\n ") + "\t") == seed_of(ZERO)


class TestSubjects:
    @pytest.mark.parametrize("index", [0, 1, 2, 255, MAX_INDEX])
    def test_they_follow_bip_32_by_hardened_steps_only(self, index):
        seed = seed_of(ZERO)
        assert bytes(subject_key(seed, index).account.key) == derived(seed, 44, 60, 1056, 0, index)

    def test_the_first_vector_of_bip_32(self):
        """Test vector 1, chain m/0': the by-hand derivation above is right."""
        assert (
            derived(bytes(range(16)), 0).hex()
            == "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"
        )

    def test_no_ordinary_wallet_has_the_same_keys(self):
        Account.enable_unaudited_hdwallet_features()
        seed = seed_of(ZERO)
        ours = {subject_key(seed, index).address for index in range(5)}
        paths = [f"m/44'/60'/{a}'/0/{i}" for a in (0, 1, 1056) for i in range(5)]
        assert not ours & {Account.from_mnemonic(ZERO, account_path=path).address for path in paths}

    @pytest.mark.parametrize("index", [-1, MAX_INDEX + 1])
    def test_an_index_that_is_none_is_refused(self, index):
        with pytest.raises(InputError, match="numbered from 0"):
            subject_key(bytes(64), index)
