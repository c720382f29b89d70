"""The suite through Brownie: its own artifacts, its own accounts, a refund and a swap from end to
end.
"""

import brownie
import pytest
from brownie.test import given, strategy

NOBODY = "0x" + "00" * 20
DAY = 86_400
POINT = 10**18


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    pass


def role(name):
    return "0x" + name.encode().ljust(32, b"\0").hex()


@pytest.fixture(scope="module")
def registry(IdentityRegistry, accounts):
    return IdentityRegistry.deploy({"from": accounts[0]})


@pytest.fixture(scope="module")
def escrow(RefundEscrow, registry, accounts):
    return RefundEscrow.deploy(registry, {"from": accounts[0]})


@pytest.fixture(scope="module")
def desk(ReturnDesk, registry, escrow, accounts):
    return ReturnDesk.deploy(registry, escrow, {"from": accounts[0]})


class TestIdentity:
    def test_a_delegate_acts_until_its_time_is_over(self, registry, accounts, chain):
        brand, agent = accounts[1], accounts[2]
        registry.addDelegate(brand, role("careledger.agent"), agent, 1000, {"from": brand})
        assert registry.mayAct(brand, role("careledger.agent"), agent)
        assert not registry.mayAct(brand, role("careledger.issuer"), agent)
        chain.sleep(1001)
        chain.mine()
        assert not registry.mayAct(brand, role("careledger.agent"), agent)

    def test_a_stranger_adds_no_delegate(self, registry, accounts):
        with brownie.reverts("bad_actor"):
            registry.addDelegate(
                accounts[1], role("careledger.agent"), accounts[2], 1000, {"from": accounts[2]}
            )


class TestRefund:
    @pytest.fixture
    def deal(self, desk, escrow, accounts, chain):
        """An order paid in ether; its parcel travels with accounts[3], whose scanner is
        accounts[4].
        """
        payer, seller, carrier = accounts[1], accounts[2], accounts[3]
        now = chain[-1].timestamp
        terms = (
            payer.address, NOBODY, seller.address, NOBODY, "1 ether", now + 30 * DAY, 0, 0,
            desk.address, NOBODY, 0, NOBODY, 0, carrier.address + "6f726465722d303030303031",
            "0x" + "01" * 32,
        )  # fmt: skip
        escrow.open(terms, {"from": payer, "value": "1 ether"})
        return terms

    def test_the_scan_of_a_return_refunds_in_the_same_transaction(
        self, registry, desk, escrow, deal, accounts
    ):
        payer, carrier, scanner = accounts[1], accounts[3], accounts[4]
        registry.addDelegate(carrier, role("careledger.scanner"), scanner, DAY, {"from": carrier})
        before = payer.balance()
        tx = desk.settleReturn(deal, 10_000, {"from": scanner})
        assert payer.balance() == before + 10**18
        assert escrow.balance() == 0
        assert tx.events["ReturnScanned"]["scanner"] == scanner
        assert tx.events["Refunded"]["refunded"] == 10**18

    def test_nobody_but_the_carriers_scanner_scans(self, desk, deal, accounts):
        with pytest.raises(brownie.exceptions.VirtualMachineError):
            desk.settleReturn(deal, 10_000, {"from": accounts[5]})


class TestConsent:
    @pytest.fixture
    def consents(self, ConsentRegistry, registry, accounts):
        return ConsentRegistry.deploy(registry, {"from": accounts[0]})

    def test_a_consent_stands_until_the_customer_ends_it_and_never_again(
        self, consents, accounts, chain
    ):
        customer, insurer = accounts[1], accounts[2]
        terms = (insurer, "0x" + "01" * 32, "0x" + "02" * 32, "0x" + "03" * 32)
        consent = (customer, chain[-1].timestamp + DAY, consents.termsHash(terms))
        consents.grant(consent, consents.epoch(customer), {"from": customer})
        assert consents.isValid(consents.idOf(consent))
        with pytest.raises(brownie.exceptions.VirtualMachineError):
            consents.revoke(consent, {"from": insurer})
        consents.revoke(consent, {"from": customer})
        assert not consents.isValid(consents.idOf(consent))
        with pytest.raises(brownie.exceptions.VirtualMachineError):
            consents.grant(consent, 0, {"from": customer})

    def test_a_bank_revokes_a_credential_and_nobody_else_does(
        self, CredentialStatus, registry, accounts
    ):
        status = CredentialStatus.deploy(registry, {"from": accounts[0]})
        bank, name = accounts[3], "0x" + "07" * 32
        with pytest.raises(brownie.exceptions.VirtualMachineError):
            status.revoke(bank, name, 70_001, {"from": accounts[4]})
        status.revoke(bank, name, 70_001, {"from": bank})
        assert status.isRevoked(bank, name, 70_001)
        assert not status.isRevoked(bank, name, 70_000)


@pytest.fixture(scope="module")
def market(PointMarket, registry, accounts):
    return PointMarket.deploy(registry, {"from": accounts[0]})


@pytest.fixture(scope="module")
def pools(PointPools, market, accounts):
    return PointPools.deploy(market, {"from": accounts[0]})


@pytest.fixture(scope="module")
def tokens(LoyaltyToken, registry, market, pools, accounts):
    """Two brands' points in a pool: accounts[1] is the airline, accounts[2] the café."""
    made = []
    for brand, name in ((accounts[1], "MILES"), (accounts[2], "CAFE")):
        token = LoyaltyToken.deploy(registry, brand, name, name, 10**27, 30 * DAY, {"from": brand})
        token.setIssuerLimit(brand, 10**26, DAY, {"from": brand})
        token.issue(accounts[3], 20_000 * POINT, "0x" + "00" * 32, {"from": brand})
        market.setPolicy(token, (NOBODY, 0, 0, True, True), {"from": brand})
        token.approve(pools, 2**255, {"from": accounts[3]})
        made.append(token)
    funding = (made[0], made[1], 10_000 * POINT, 10_000 * POINT, 0, 0, accounts[3], 2**40)
    pools.addLiquidity(funding, {"from": accounts[3]})
    return made


class TestSwap:
    def test_a_swap_gives_what_was_quoted_and_the_product_never_falls(
        self, pools, tokens, accounts
    ):
        miles, cafe = tokens

        @given(amount=strategy("uint256", min_value=10**6, max_value=5_000 * POINT))
        def inner(amount):
            before, held = (
                cafe.balanceOf(accounts[3]),
                miles.balanceOf(pools) * cafe.balanceOf(pools),
            )
            pools.swap(miles, cafe, amount, 1, 2**40, {"from": accounts[3]})
            assert cafe.balanceOf(accounts[3]) > before
            assert miles.balanceOf(pools) * cafe.balanceOf(pools) >= held

        inner()

    def test_less_than_was_asked_for_is_refused(self, pools, tokens, accounts):
        with pytest.raises(brownie.exceptions.VirtualMachineError):
            pools.swap(tokens[0], tokens[1], POINT, POINT, 2**40, {"from": accounts[3]})
