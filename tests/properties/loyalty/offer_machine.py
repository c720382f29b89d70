"""PointMarket against the model: offers with few nonces are made, filled and cancelled."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.properties.loyalty.swap_model import (
    LATER,
    NONCES,
    SwapModel,
    amounts,
    fee,
    forward,
    nonces,
    people,
    rarely,
    tenths,
)
from tests.worlds.loyalty.contracts import CANCEL_WORD, NOBODY, Offer, sign
from tests.worlds.loyalty.swaps import ADDRESSES, PEOPLE


class OfferMachine(SwapModel):
    """Makers sign offers; takers fill them, whole and in parts; makers cancel them."""

    @rule(
        maker=people,
        ahead=forward,
        give=amounts,
        want=amounts,
        least=tenths,
        nonce=nonces,
        private=rarely,
    )
    def offer(
        self, maker: int, ahead: bool, give: int, want: int, least: int, nonce: int, private: bool
    ) -> None:
        give_name, want_name = ("a", "b") if ahead else ("b", "a")
        taker = ADDRESSES[(maker + 1) % len(PEOPLE)] if private else NOBODY
        minimum = give * max(0, least - 6) // 10
        tokens = self.token[give_name], self.token[want_name]
        made = Offer(ADDRESSES[maker], taker, *tokens, give, want, minimum, LATER, nonce, bytes(32))
        self.offers.append((maker, made, self.world.market.sign(PEOPLE[maker], made)))

    @rule(
        number=st.integers(0, 999),
        taker=people,
        part=st.sampled_from([1, 3, 5, 9, 10, 11, 13, 16]),
        whole=st.booleans(),
        dead=st.booleans(),
        forge=rarely,
        own=rarely,
    )
    def fill(
        self, number: int, taker: int, part: int, whole: bool, dead: bool, forge: bool, own: bool
    ) -> None:
        candidates = [entry for entry in self.offers if self.alive(*entry[:2]) != dead]
        if not candidates:
            self.offer(
                number % 4,
                taker % 2 == 0,
                number + 1,
                number % 77 + 1,
                part,
                NONCES[number % len(NONCES)],
                own,
            )
            candidates = self.offers[-1:]
        maker, offer, signed = candidates[number % len(candidates)]
        if taker == maker and not own:
            taker = (maker + 1) % len(PEOPLE)
        id_ = self.world.market.id_of(offer)
        left = offer.give_amount - self.taken[id_]
        amount = left if whole else left * part // 10 or 1
        forge &= taker != maker
        if forge:
            signed = self.world.market.sign(PEOPLE[taker], offer)
        before = self.both()
        expected = not forge and self.may_fill(maker, taker, offer, amount, before)
        arguments = (offer.members, signed, amount, 2**255, 0)
        if self.attempt("fill", expected, "market", "fill", *arguments, by=PEOPLE[taker]):
            self.note_fill(maker, taker, offer, amount, before)
        else:
            self.consented(before)

    def names(self, offer: Offer) -> tuple[str, str]:
        return ("a", "b") if offer.give == self.token["a"] else ("b", "a")

    def may_fill(
        self, maker: int, taker: int, offer: Offer, amount: int, before: dict[str, dict[str, int]]
    ) -> bool:
        give, want = self.names(offer)
        left = offer.give_amount - self.taken[self.world.market.id_of(offer)]
        net = -(-amount * offer.want_amount // offer.give_amount)
        return (
            self.alive(maker, offer)
            and taker != maker
            and offer.taker in (NOBODY, ADDRESSES[taker])
            and (offer.min_fill <= amount <= left or amount == left)
            and self.policy["a"][2]
            and self.policy["b"][2]
            and net + fee(net, self.policy[want][0]) <= before[want][ADDRESSES[taker]]
            and amount <= before[give][ADDRESSES[maker]]
        )

    def alive(self, maker: int, offer: Offer) -> bool:
        id_, key = self.world.market.id_of(offer), (maker, offer.nonce)
        mine = self.nonce_of.get(key, id_) == id_ and id_ not in self.whole
        return mine and key not in self.cancelled and self.taken[id_] < offer.give_amount

    def note_fill(
        self, maker: int, taker: int, offer: Offer, amount: int, before: dict[str, dict[str, int]]
    ) -> None:
        give, want = self.names(offer)
        id_, key = self.world.market.id_of(offer), (maker, offer.nonce)
        after = self.both()
        given = before[give][ADDRESSES[maker]] - after[give][ADDRESSES[maker]]
        gained = after[want][ADDRESSES[maker]] - before[want][ADDRESSES[maker]]
        paid = before[want][ADDRESSES[taker]] - after[want][ADDRESSES[taker]]
        got = after[give][ADDRESSES[taker]] - before[give][ADDRESSES[taker]]
        self.holds("LOY-11", key not in self.cancelled, "a cancelled offer was filled", offer)
        self.holds(
            "LOY-12",
            self.nonce_of.get(key, id_) == id_ and id_ not in self.whole,
            "nonce used again",
            offer,
        )
        self.holds(
            "LOY-10", gained * offer.give_amount >= given * offer.want_amount, given, gained, offer
        )
        limits = fee(gained, self.policy[want][0]), fee(given, self.policy[give][0])
        self.holds(
            "LOY-13",
            paid - gained <= limits[0] and given - got <= limits[1],
            paid,
            gained,
            given,
            got,
        )
        self.taken[id_] += given
        self.holds("LOY-09", self.taken[id_] <= offer.give_amount, self.taken[id_], offer)
        self.nonce_of[key] = id_
        if amount == offer.give_amount:
            self.whole.add(id_)
        self.consented(before, (give, ADDRESSES[maker], amount), (want, ADDRESSES[taker], paid))

    @rule(number=st.integers(0, 999), taker=people, part=tenths)
    def take_a_part(self, number: int, taker: int, part: int) -> None:
        self.fill(number, taker, min(part, 9), whole=False, dead=False, forge=False, own=False)

    @rule(maker=people, nonce=nonces, aimed=st.booleans())
    def cancel(self, maker: int, nonce: int, aimed: bool) -> None:
        begun = [
            key for key, id_ in self.nonce_of.items() if self.taken[id_] and id_ not in self.whole
        ]
        if aimed and begun:
            maker, nonce = begun[nonce % len(begun)]
        if self.attempt("cancel", True, "market", "cancel", nonce, by=PEOPLE[maker]):
            self.cancelled.add((maker, nonce))

    @rule(maker=people, mask=st.integers(0, 31), forge=rarely)
    def cancel_by_signature(self, maker: int, mask: int, forge: bool) -> None:
        values = (ADDRESSES[maker], 1, mask, LATER)
        signer = PEOPLE[(maker + 1) % len(PEOPLE)] if forge else PEOPLE[maker]
        signed = sign(signer, self.world.market.digest(CANCEL_WORD, *values))
        arguments = ("market", "cancelWordBySig", *values, signed)
        if self.attempt("cancel_by_signature", not forge, *arguments, by=PEOPLE[0]):
            self.cancelled |= {(maker, 256 + bit) for bit in range(5) if mask >> bit & 1}
