"""LoyaltyToken as an ERC-20: allowances by signature (ERC-2612)."""

import pytest

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
    NOBODY,
    PERMIT,
    high_s,
    refuses,
    vrs,
)
from tests.worlds.loyalty.signed_erc20 import BYTES, MOODS, VRS, wallet_in

pytestmark = pytest.mark.usefixtures("ana_has_100")


class TestPermit:
    def send(self, points, form, owner, spender, value, deadline, signed):
        tail = vrs(signed) if form == VRS else (signed,)
        name = f"permit(address,address,uint256,uint256,{form})"
        return points.token.transact(
            name, owner, spender, value, deadline, *tail, sender=actor("relayer")
        )

    @pytest.fixture(params=[VRS, BYTES])
    def form(self, request):
        return request.param

    def refusal(self, form, owner):
        return ("InvalidPermit",) if form == VRS else ("SignedERC20_BadSignature", owner.address)

    def test_after_the_deadline_it_is_refused_and_at_it_not(self, points, ana, ben, form):
        late = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, START - 1)
        with refuses("PermitExpired"):
            self.send(points, form, ana.address, ben.address, 5, START - 1, late)
        on_time = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, START)
        self.send(points, form, ana.address, ben.address, 5, START, on_time)

    def test_any_other_value_than_signed_is_refused(self, points, ana, ben, eve, form):
        signed = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER)
        for owner, *rest in (
            (eve, ben.address, 5, FOREVER),
            (ana, eve.address, 5, FOREVER),
            (ana, ben.address, 6, FOREVER),
            (ana, ben.address, 5, FOREVER - 1),
        ):
            with refuses(*self.refusal(form, owner)):
                self.send(points, form, owner.address, *rest, signed)

    def test_a_permit_is_good_once_and_in_turn(self, points, ana, ben, form):
        first, second = (
            points.sign(ana, PERMIT, ana.address, ben.address, n, n, FOREVER) for n in (0, 1)
        )
        with refuses(*self.refusal(form, ana)):
            self.send(points, form, ana.address, ben.address, 1, FOREVER, second)
        self.send(points, form, ana.address, ben.address, 0, FOREVER, first)
        with refuses(*self.refusal(form, ana)):
            self.send(points, form, ana.address, ben.address, 0, FOREVER, first)
        self.send(points, form, ana.address, ben.address, 1, FOREVER, second)
        assert points.token.call("nonces", ana.address) == 2

    def test_for_another_chain_or_token_it_is_refused(self, points, others, ana, ben, form):
        for domain in ({"chain_id": 1}, {"contract": others.address}):
            signed = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER, **domain)
            with refuses(*self.refusal(form, ana)):
                self.send(points, form, ana.address, ben.address, 5, FOREVER, signed)

    def test_a_high_s_is_refused(self, points, ana, ben, form):
        signed = high_s(points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER))
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, form, ana.address, ben.address, 5, FOREVER, signed)

    def test_nobody_signs_for_the_zero_address(self, points, ben, form):
        for signed in (bytes(64) + b"\x1b", bytes(65)):
            with refuses(
                *(("InvalidPermit",) if form == VRS else ("SignedERC20_BadSignature", NOBODY))
            ):
                self.send(points, form, NOBODY, ben.address, 5, FOREVER, signed)

    def test_a_wrong_v_is_refused(self, points, ana, ben, form):
        signed = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER)
        for v in (0, 1, 26, 29, 255, 55 - signed[64]):
            with refuses(*self.refusal(form, ana)):
                self.send(
                    points, form, ana.address, ben.address, 5, FOREVER, signed[:64] + bytes([v])
                )

    def test_the_allowance_is_set_and_the_nonce_used(self, points, ana, ben, form):
        signed = points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER)
        (event,) = self.send(points, form, ana.address, ben.address, 5, FOREVER, signed).events
        assert (event.name, event.arguments) == (
            "Approval",
            {"owner": ana.address, "spender": ben.address, "amount": 5},
        )
        assert points.token.call("allowance", ana.address, ben.address) == 5
        assert points.token.call("nonces", ana.address) == 1

    @pytest.mark.parametrize("length", [0, 1, 64, 66, 97])
    def test_a_signature_of_another_length_is_no_accounts(self, points, ana, ben, length):
        signed = (points.sign(ana, PERMIT, ana.address, ben.address, 5, 0, FOREVER) + bytes(40))[
            :length
        ]
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, BYTES, ana.address, ben.address, 5, FOREVER, signed)

    def test_a_contract_wallet_permits_by_its_owners_key(self, points, evm, ana, ben, eve):
        wallet = evm.deploy("Wallet1271", ana.address)
        for key in (eve, ben):
            signed = points.sign(key, PERMIT, wallet.address, ben.address, 5, 0, FOREVER)
            with refuses("SignedERC20_BadSignature", wallet.address):
                self.send(points, BYTES, wallet.address, ben.address, 5, FOREVER, signed)
        signed = points.sign(ana, PERMIT, wallet.address, ben.address, 5, 0, FOREVER)
        self.send(points, BYTES, wallet.address, ben.address, 5, FOREVER, signed)
        assert points.token.call("allowance", wallet.address, ben.address) == 5
        with refuses("SignedERC20_BadSignature", wallet.address):
            self.send(points, BYTES, wallet.address, ben.address, 5, FOREVER, signed)

    @pytest.mark.parametrize("mood", MOODS[1:])
    def test_a_wallet_that_says_anything_but_yes_permits_nothing(self, points, evm, ben, mood):
        wallet = wallet_in(evm, mood)
        with refuses("SignedERC20_BadSignature", wallet.address):
            self.send(points, BYTES, wallet.address, ben.address, 5, FOREVER, b"anything")

    def test_a_wallet_that_says_yes_to_all_hurts_only_itself(self, points, evm, ana, eve):
        wallet = wallet_in(evm, "YES")
        points.give(wallet, 3)
        self.send(points, BYTES, wallet.address, eve.address, FOREVER, FOREVER, b"")
        points.token.transact("transferFrom", wallet.address, eve.address, 3, sender=eve)
        assert (points.balance(ana), points.balance(eve)) == (100, 3)

    def test_the_precompiles_sign_nothing(self, points, ben):
        for number in range(1, 10):
            owner = "0x" + number.to_bytes(20, "big").hex()
            with refuses("SignedERC20_BadSignature", owner):
                self.send(points, BYTES, owner, ben.address, 5, FOREVER, bytes(65))
