"""The KYC story, part by part: what the insurer sees, keeps and may no longer read."""

import pytest

from careledger.flows.kyc.actors import CLAIMS, SHOWN, values_found
from careledger.flows.kyc.story import KycStory
from careledger.flows.steps import Steps


@pytest.fixture
def story(stage, tmp_path):
    return KycStory(stage, tmp_path, Steps())


def test_verified_once_read_by_consent_ended_and_recovered(story):
    story.play()

    assert story.shown == {name: CLAIMS[name] for name in SHOWN}
    assert story.leaked == []
    assert len(story.onboarding) == 4

    refusals = story.steps.refusals
    assert "revoked by the customer" in refusals["the insurer reads again after Ana revoked"]
    assert "another request" in refusals["the same answer to another request"]
    assert "revoked the credential" in refusals["the insurer reads after the bank withdrew"]
    assert "Only the subject's controller" in refusals["the lost phone tries to end Ana's consents"]
    assert len(refusals) == 4

    assert {str(entry.state) for entry in story.diary} == {"revoked", "valid"}
    assert all(len(entry.uses) == 1 for entry in story.diary)
    assert story.registry.identity_owner(story.ana) == story.phone.address
    assert story.consents.epoch(story.ana) > 0

    # Ana has no ether, and others pay for what she signs.
    assert story.stage.chain.balance(story.ana) == 0
    mine = [step for step in story.steps.done if step.who == "Ana"]
    assert {step.paid_by.split(",")[0].split(":")[0] for step in mine} == {"nobody", "the bank"}


def test_where_time_cannot_be_moved_the_story_ends_before_the_recovery(story):
    said = []
    story.steps.progress = said.append
    story.stage.development = None

    story.play()

    assert story.registry.identity_owner(story.ana) == story.ana
    assert any("the story ends early" in sentence for sentence in said)


def test_a_value_that_did_reach_the_insurer_would_be_found(story, tmp_path):
    (tmp_path / "insurer.log").write_text("… Calle del Olmo 14 …")
    assert story.find_leaks() == ["Calle del Olmo 14"]


def test_a_value_is_found_at_any_depth_unless_it_is_short():
    claims = {"name": "Ana", "address": {"city": "Valencia", "country": "ES"}, "over": True}
    assert values_found(claims, b"Ana lives in Valencia, ES") == ["Valencia"]
