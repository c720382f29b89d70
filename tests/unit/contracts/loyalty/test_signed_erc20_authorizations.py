"""LoyaltyToken as an ERC-20: transfers by authorisation (ERC-3009), and calls to receivers
(ERC-1363).
"""

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import (
    CANCEL,
    DAY,
    FOREVER,
    NOBODY,
    RECEIVE,
    TRANSFER,
    high_s,
    refuses,
    vrs,
)
from tests.worlds.loyalty.signed_erc20 import BYTES, MOODS, VRS, wallet_in

NONCE = b"\7" * 32
pytestmark = pytest.mark.usefixtures("ana_has_100")


def receivers(evm, mood=0):
    receiver = evm.deploy("PointReceiver")
    receiver.transact("setMood", mood)
    return receiver


class TestAuthorizations:
    """ERC-3009. Each test for both functions, in both forms of the signature."""

    @pytest.fixture(
        params=[
            f"{kind}WithAuthorization {form}"
            for kind in ("transfer", "receive")
            for form in (VRS, BYTES)
        ]
    )
    def way(self, request):
        return request.param.split()

    def order(
        self,
        points,
        way,
        by,
        to,
        value=40,
        after=0,
        before=START + DAY,
        nonce=NONCE,
        signer=None,
        **domain,
    ):
        kind = TRANSFER if way[0].startswith("transfer") else RECEIVE
        signed = points.sign(
            signer or by, kind, by.address, to.address, value, after, before, nonce, **domain
        )
        return [by.address, to.address, value, after, before, nonce, signed]

    def send(self, points, way, order, sender=None):
        *values, signed = order
        tail = vrs(signed) if way[1] == VRS else (signed,)
        name = f"{way[0]}(address,address,uint256,uint256,uint256,bytes32,{way[1]})"
        default = "relayer" if way[0].startswith("transfer") else "Ben"
        return points.token.transact(name, *values, *tail, sender=sender or actor(default))

    def test_too_early_too_late_and_the_seconds_beside(self, points, ana, ben, way):
        with refuses("SignedERC20_NotYetValid", NONCE, START, START):
            self.send(points, way, self.order(points, way, ana, ben, after=START))
        with refuses("SignedERC20_Expired", NONCE, START, START):
            self.send(points, way, self.order(points, way, ana, ben, before=START))
        self.send(points, way, self.order(points, way, ana, ben, after=START - 1, before=START + 1))

    def test_any_other_value_than_signed_is_refused(self, points, ana, ben, eve, way):
        order = self.order(points, way, ana, ben)
        for place, other in (
            (0, eve.address),
            (2, 41),
            (3, 1),
            (4, START + DAY + 1),
            (5, b"\x08" * 32),
        ):
            changed = [*order]
            changed[place] = other
            with refuses("SignedERC20_BadSignature", changed[0]):
                self.send(points, way, changed)
        order[1] = eve.address
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, way, order, sender=eve)

    def test_for_another_chain_token_kind_or_by_another_key_it_is_refused(
        self, points, others, ana, ben, eve, way
    ):
        other_kind = ["receive" if way[0].startswith("transfer") else "transfer", way[1]]
        for order in (
            self.order(points, way, ana, ben, chain_id=1),
            self.order(points, way, ana, ben, contract=others.address),
            self.order(points, way, ana, ben, signer=eve),
            self.order(points, other_kind, ana, ben),
        ):
            with refuses("SignedERC20_BadSignature", ana.address):
                self.send(points, way, order)

    def test_a_high_s_is_refused(self, points, ana, ben, way):
        *values, signed = self.order(points, way, ana, ben)
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, way, [*values, high_s(signed)])

    def test_nobody_signs_for_the_zero_address(self, points, ben, way):
        with refuses("SignedERC20_BadSignature", NOBODY):
            self.send(points, way, [NOBODY, ben.address, 0, 0, FOREVER, NONCE, bytes(65)])

    def test_it_is_good_once_whatever_the_form_or_kind(self, points, ana, ben, way):
        self.send(points, way, self.order(points, way, ana, ben))
        for kind in ("transferWithAuthorization", "receiveWithAuthorization"):
            for form in (VRS, BYTES):
                with refuses("SignedERC20_AuthorizationSpent", ana.address, NONCE):
                    self.send(
                        points, [kind, form], self.order(points, [kind, form], ana, ben, value=1)
                    )

    def test_bad_recipients_and_more_than_one_has_are_refused(self, points, evm, ana, ben, way):
        if way[0].startswith("transfer"):
            for to in (NOBODY, points.address):
                signed = points.sign(ana, TRANSFER, ana.address, to, 1, 0, FOREVER, NONCE)
                with refuses("SignedERC20_BadRecipient", to):
                    self.send(points, way, [ana.address, to, 1, 0, FOREVER, NONCE, signed])
        with refuses("InsufficientBalance"):
            self.send(points, way, self.order(points, way, ana, ben, value=101))

    def test_only_the_payee_may_receive(self, points, ana, ben, eve, way):
        order = self.order(points, way, ana, ben)
        if way[0].startswith("receive"):
            with refuses("SignedERC20_NotPayee", eve.address, ben.address):
                self.send(points, way, order, sender=eve)
        else:
            self.send(points, way, order, sender=eve)
            assert points.balance(ben) == 40

    def test_points_move_and_the_nonce_is_used(self, points, ana, ben, way):
        assert points.token.call("authorizationState", ana.address, NONCE) is False
        used, transfer = self.send(points, way, self.order(points, way, ana, ben)).events
        assert (used.name, used.arguments) == (
            "AuthorizationUsed",
            {"authorizer": ana.address, "nonce": NONCE},
        )
        assert transfer.arguments == {"from_": ana.address, "to": ben.address, "amount": 40}
        assert points.token.call("authorizationState", ana.address, NONCE) is True
        assert points.token.call("authorizationState", ben.address, NONCE) is False
        assert (points.balance(ana), points.balance(ben)) == (60, 40)
        assert points.token.call("nonces", ana.address) == 0  # a permit's turn is another matter

    def test_authorisations_do_not_wait_for_one_another(self, points, ana, ben, way):
        orders = [self.order(points, way, ana, ben, 1, nonce=keccak(bytes([n]))) for n in range(5)]
        for order in reversed(orders):
            self.send(points, way, order)
        assert points.balance(ben) == 5

    def test_a_contract_wallet_authorises(self, points, evm, ana, ben, eve, way):
        wallet = evm.deploy("Wallet1271", ana.address)
        points.give(wallet, 40)
        order = self.order(points, way, wallet, ben, signer=ana)
        if way[1] == VRS:
            with refuses("SignedERC20_BadSignature", wallet.address):
                self.send(points, way, order)
            return
        with refuses("SignedERC20_BadSignature", wallet.address):
            self.send(points, way, self.order(points, way, wallet, ben, signer=eve))
        self.send(points, way, order)
        assert points.balance(ben) == 40
        for mood in MOODS[1:]:
            liar = wallet_in(evm, mood)
            with refuses("SignedERC20_BadSignature", liar.address):
                self.send(points, way, [liar.address, *order[1:]])


class TestCancelAuthorization:
    @pytest.fixture(params=[VRS, BYTES])
    def form(self, request):
        return request.param

    def send(self, points, form, who, signed, nonce=NONCE):
        tail = vrs(signed) if form == VRS else (signed,)
        return points.token.transact(
            f"cancelAuthorization(address,bytes32,{form})", who, nonce, *tail
        )

    def test_only_by_the_holders_own_signature(self, points, others, ana, eve, form):
        good = points.sign(ana, CANCEL, ana.address, NONCE)
        for who, signed, nonce in (
            (ana, points.sign(eve, CANCEL, ana.address, NONCE), NONCE),
            (eve, good, NONCE),
            (ana, good, bytes(32)),
            (ana, high_s(good), NONCE),
            (ana, points.sign(ana, CANCEL, ana.address, NONCE, chain_id=1), NONCE),
            (ana, points.sign(ana, CANCEL, ana.address, NONCE, contract=others.address), NONCE),
        ):
            with refuses("SignedERC20_BadSignature", who.address):
                self.send(points, form, who.address, signed, nonce)

    def test_what_is_spent_cannot_be_cancelled(self, points, ana, ben, form):
        cancel = points.sign(ana, CANCEL, ana.address, NONCE)
        self.send(points, form, ana.address, cancel)
        with refuses("SignedERC20_AuthorizationSpent", ana.address, NONCE):
            self.send(points, form, ana.address, cancel)
        values = (ana.address, ben.address, 1, 0, FOREVER, b"\1" * 32)
        name = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        points.token.transact(name, *values, points.sign(ana, TRANSFER, *values))
        with refuses("SignedERC20_AuthorizationSpent", ana.address, b"\1" * 32):
            self.send(
                points,
                form,
                ana.address,
                points.sign(ana, CANCEL, ana.address, b"\1" * 32),
                b"\1" * 32,
            )

    def test_what_is_cancelled_stays_so(self, points, ana, ben, form):
        (event,) = self.send(
            points, form, ana.address, points.sign(ana, CANCEL, ana.address, NONCE)
        ).events
        assert (event.name, event.arguments) == (
            "AuthorizationCanceled",
            {"authorizer": ana.address, "nonce": NONCE},
        )
        assert points.token.call("authorizationState", ana.address, NONCE) is True
        values = (ana.address, ben.address, 1, 0, FOREVER, NONCE)
        name = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        with refuses("SignedERC20_AuthorizationSpent", ana.address, NONCE):
            points.token.transact(name, *values, points.sign(ana, TRANSFER, *values))

    def test_a_contract_wallet_cancels(self, points, evm, ana):
        wallet = evm.deploy("Wallet1271", ana.address)
        self.send(points, BYTES, wallet.address, points.sign(ana, CANCEL, wallet.address, NONCE))
        assert points.token.call("authorizationState", wallet.address, NONCE) is True


TELLS = ("transferAndCall", "transferFromAndCall", "approveAndCall")


class TestTellingReceivers:
    """ERC-1363: transferAndCall, transferFromAndCall and approveAndCall, without and with data."""

    @pytest.fixture(
        params=[(name, data) for name in TELLS for data in (None, b"", b"order 7" * 20)], ids=str
    )
    def way(self, request, points, ana):
        points.approve(ana, ana)
        return request.param

    def send(self, points, way, ana, to, value=40):
        name, data = way
        kinds = (
            ["address", "address", "uint256"]
            if name == "transferFromAndCall"
            else ["address", "uint256"]
        )
        values = [ana.address, to, value] if name == "transferFromAndCall" else [to, value]
        if data is not None:
            kinds, values = [*kinds, "bytes"], [*values, data]
        return points.token.transact(f"{name}({','.join(kinds)})", *values, sender=ana)

    def test_an_account_is_no_receiver(self, points, ana, ben, way):
        with refuses("SignedERC20_NotAccepted", ben.address):
            self.send(points, way, ana, ben.address)
        assert points.balance(ben) == 0

    def test_a_receiver_that_does_not_accept_gets_nothing(self, points, evm, ana, way):
        for mood, error in (
            (1, ("SignedERC20_NotAccepted", None)),
            (2, ("Error(string)", "PointReceiver: no")),
            (3, ("",)),
            (4, ("",)),
            (5, ("",)),
        ):
            receiver = receivers(evm, mood)
            arguments = [receiver.address if a is None else a for a in error[1:]]
            with refuses(error[0], *arguments):
                self.send(points, way, ana, receiver.address)
            assert points.balance(receiver) == 0
            assert points.token.call("allowance", ana.address, receiver.address) == 0

    def test_the_token_itself_is_refused(self, points, ana, way):
        error = (
            ("", ())
            if way[0] == "approveAndCall"
            else ("SignedERC20_BadRecipient", (points.address,))
        )
        with refuses(error[0], *error[1]):
            self.send(points, way, ana, points.address)

    def test_the_receiver_is_told_who_what_and_the_data(self, points, evm, ana, way):
        receiver = receivers(evm)
        done = self.send(points, way, ana, receiver.address)
        assert done.value is True
        data = way[1] or b""
        if way[0] == "approveAndCall":
            call = keccak(text="onApprovalReceived(address,uint256,bytes)")[:4]
            expected = call + encode(["address", "uint256", "bytes"], [ana.address, 40, data])
            assert points.token.call("allowance", ana.address, receiver.address) == 40
        else:
            call = keccak(text="onTransferReceived(address,address,uint256,bytes)")[:4]
            expected = call + encode(
                ["address", "address", "uint256", "bytes"], [ana.address, ana.address, 40, data]
            )
            assert (points.balance(ana), points.balance(receiver)) == (60, 40)
        assert receiver.call("told") == expected

    def test_a_receiver_that_calls_back_finds_all_done(self, points, evm, ana, way):
        receiver = receivers(evm)
        payload = points.token.encode("transfer", receiver.address, 0)
        if way[0] != "approveAndCall":
            payload = points.token.encode("transfer", ana.address, 41)  # one more than it got
        receiver.transact("arm", points.address, payload)
        self.send(points, way, ana, receiver.address)
        assert receiver.call("lastSuccess") is (way[0] == "approveAndCall")
        if way[0] == "approveAndCall":
            payload = points.token.encode("transferFrom", ana.address, receiver.address, 40)
            receiver.transact("arm", points.address, payload)
            self.send(points, way, ana, receiver.address)
            assert points.balance(receiver) == 40
            assert points.token.call("allowance", ana.address, receiver.address) == 0
        assert points.balance(ana) + points.balance(receiver) == 100

    def test_more_than_one_has_is_refused(self, points, evm, ana, way):
        receiver = receivers(evm)
        if way[0] == "approveAndCall":
            self.send(points, way, ana, receiver.address, 101)
            return
        with refuses("InsufficientBalance"):
            self.send(points, way, ana, receiver.address, 101)


class TestTransferFromAndCall:
    def test_without_an_allowance_it_is_refused(self, points, evm, ana, eve):
        receiver = receivers(evm)
        arguments = (ana.address, receiver.address, 1)
        with refuses("InsufficientAllowance"):
            points.token.transact(
                "transferFromAndCall(address,address,uint256)", *arguments, sender=eve
            )

    def test_the_operator_is_who_called(self, points, evm, ana, ben):
        receiver = receivers(evm)
        points.approve(ana, ben, 40)
        arguments = (ana.address, receiver.address, 40)
        points.token.transact(
            "transferFromAndCall(address,address,uint256)", *arguments, sender=ben
        )
        assert receiver.call("told")[4:68] == encode(
            ["address", "address"], [ben.address, ana.address]
        )
        assert points.token.call("allowance", ana.address, ben.address) == 0
