"""The KYC story, part by part: what the insurer sees, keeps and may no longer read."""

import pytest

from careledger.flows.kyc.story import CLAIMS, SHOWN, Story
from careledger.flows.stage import Stage


@pytest.fixture
def story(chain, suite, senders, development, tmp_path, deployments):
    stage = Stage(chain, suite, senders[0], development, deployments)
    return Story(stage, tmp_path)


def test_verified_once_read_by_consent_ended_and_recovered(story):
    told = story.tell()
    assert told.shown == {name: CLAIMS[name] for name in SHOWN}
    assert told.leaked == []
    assert (
        told.onboarding["of which one verification"] < 60
    )  # a figure of the report, not a claim of this test
    refusals = told.refusals
    assert "revoked by the customer" in refusals["the insurer reads again after Ana revoked"]
    assert "another request" in refusals["the same answer to another request"]
    assert "withdrawn the credential" in refusals["the insurer reads after the bank withdrew"]
    assert "Only the subject's controller" in refusals["the lost phone tries to end Ana's consents"]
    assert len(refusals) == 4
    assert {str(entry.state) for entry in told.diary} == {"revoked", "valid"}
    assert all(len(entry.uses) == 1 for entry in told.diary)
    assert story.registry.identity_owner(story.ana) == story._address(story.phone)
    assert story.consents.epoch(story.ana) > 0


def test_a_value_that_did_reach_the_insurer_would_be_found(story, tmp_path):
    (tmp_path / "insurer.log").write_text("… Calle del Olmo 14 …")
    assert story._search() == ["Calle del Olmo 14"]
