"""Deals as the machine makes them up, and the transactions that its acts are."""

from datetime import timedelta
from typing import Any

from careledger.refunds.deal import SplitAgreement
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.properties.refunds.backends import at
from tests.properties.refunds.books import ALL, CONTRACTS, Plan
from tests.properties.refunds.properties import HOUR, Properties

EVIDENCE = b"\xe5" * 32


class Transactions(Properties):
    """Makes up terms, and says what is sent for an act."""

    serial: int

    def draft(self, pick: int, amount: int) -> tuple[Plan, bytes]:
        """Make terms up from one number."""

        def one_of(*options: Any) -> Any:
            nonlocal pick
            pick, index = divmod(pick, len(options))
            return options[index]

        self.serial += 1
        asset = one_of("dollar", "ether")
        payer = one_of("alice", "bob")
        seller = one_of("shop", "shop", "pub")
        refundee = one_of(payer, "home")
        criteria = one_of("oracle", "desk", None, "desk")
        arbiter = one_of("judge", "court", "judge", "court", None)

        now = self.stage.now
        plan = Plan(
            terms=None,
            payer=payer,
            refundee=refundee,
            seller=seller,
            asset=asset,
            amount=amount,
            release_at=now + one_of(40, 100, 200) * HOUR,
            sla_at=one_of(0, now + 20 * HOUR),
            window=one_of(5, 24) * HOUR,
            criteria=criteria,
            arbiter=arbiter,
            fee_bps=one_of(0, 250, 3_333, ALL),
            default_bps=one_of(0, 4_000, 6_667, ALL),
        )
        plan.terms = self.terms_of(plan)
        return plan, self.stage.messages.deal_id(plan.terms)

    def terms_of(self, plan: Plan) -> DealTerms:
        """Return the terms of a plan, by addresses."""
        named = self.stage.address
        return DealTerms(
            payer=named[plan.payer],
            seller=named[plan.seller],
            token=self.stage.asset(plan.asset),
            amount=plan.amount,
            release_at=at(plan.release_at),
            sla_at=at(plan.sla_at) if plan.sla_at else None,
            order_ref=bytes.fromhex(named["carrier"][2:]) + self.serial.to_bytes(12, "big"),
            refund_to=ZERO_ADDRESS if plan.refundee == plan.payer else named[plan.refundee],
            dispute_window=timedelta(seconds=plan.window),
            criteria=named[plan.criteria] if plan.criteria else ZERO_ADDRESS,
            arbiter=named[plan.arbiter] if plan.arbiter else ZERO_ADDRESS,
            fee_bps=plan.fee_bps,
            fee_to=named["platform"] if plan.fee_bps else ZERO_ADDRESS,
            default_bps=plan.default_bps,
            salt=self.serial.to_bytes(32, "big"),
        )

    def transaction(self, act: str, how: dict[str, Any]) -> tuple[tuple[Any, ...], int]:
        """Return sender, contract, function and arguments of an act, and the ether it carries."""
        deal = how.get("deal")
        sender = how.get("caller", "stranger")
        value = how.get("value", 0)
        deadline = at(self.stage.now + 30 * 24 * HOUR)
        messages = self.stage.messages
        terms = deal.plan.terms if deal else how["plan"].terms if "plan" in how else None

        def signed(by: str, message: bytes) -> bytes:
            return message.sign(self.stage.accounts[by])

        if act == "open" and how["signer"]:
            signature = signed(how["signer"], messages.open(terms, deadline))
            call: tuple[Any, ...] = ("escrow", "open_by_sig", terms, deadline, signature)
        elif act == "release_by_sig":
            signature = signed(how["signer"], messages.release(deal.id, deadline))
            call = ("escrow", act, terms, deadline, signature)
        elif act == "dispute_by_sig":
            signature = signed(how["signer"], messages.dispute(deal.id, EVIDENCE, deadline))
            call = ("escrow", act, terms, EVIDENCE, deadline, signature)
        elif act == "split":
            message = messages.split(deal.id, how["to_payer"], how["to_seller"], deadline)
            signatures = [signed(how[by], message) for by in ("by_payer", "by_seller")]
            signer = self.stage.address[how["by_seller"]]
            call = (
                "escrow",
                act,
                terms,
                SplitAgreement(how["to_payer"], how["to_seller"], deadline, signer, *signatures),
            )
        elif act == "refund_due":
            call = ("oracle", "push", self.stage.address["escrow"], terms, how["bps"])
        elif act == "rule":
            call = ("court", "give_ruling", how["case"], how["ruling"])
        elif act in ("claim", "claim_for", "claim_for", "claim_by_sig"):
            return self.claiming(act, how, deadline), 0
        elif act in ("scan_delivery", "scan_return"):
            call = ("desk", act, terms.order_ref, *([how["grade"]] if "grade" in how else []))
        else:
            evidence = [EVIDENCE] if act in ("dispute", "appeal", "submit_evidence") else []
            rest = [how[name] for name in ("amount", "bps", "grade") if name in how]
            call = ("desk" if act == "settle_return" else "escrow", act, terms, *evidence, *rest)
        return (sender, *call), value

    def claiming(self, act: str, how: dict[str, Any], deadline: Any) -> tuple[Any, ...]:
        asset = self.stage.asset(how["asset"])
        payee = self.stage.address[how["payee"]]

        if act == "claim_for":
            return (how["caller"], "escrow", act, payee, asset)
        to = self.stage.address[how["to"]]
        if act == "claim_by_sig":
            message = self.stage.messages.claim(payee, asset, to, how["nonce"], deadline)
            signature = message.sign(self.stage.accounts[how["signer"]])
            return (how["caller"], "escrow", act, payee, asset, to, deadline, signature)
        if how["payee"] in CONTRACTS:
            data = bytes.fromhex("21c0b342") + b"".join(
                bytes(12) + bytes.fromhex(a[2:]) for a in (asset, to)
            )
            return ("stranger", how["payee"], "execute", self.stage.address["escrow"], 0, data)
        return (how["payee"], "escrow", act, asset, to)
