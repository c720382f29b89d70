"""A brand anchors interactions, a customer gets a receipt, and a changed byte is found."""

from careledger.cli.demo import play_script


def main() -> None:
    """Play the flow; `brownie run scripts/anchor_flow.py` calls this, on Brownie's network."""
    play_script("anchor")


if __name__ == "__main__":
    main()
