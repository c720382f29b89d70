"""A brand's identifier, a delegate with an expiry, a rotated key, and the documents."""

from careledger.cli.demo import play_script


def main() -> None:
    """Play the flow; `brownie run scripts/identity_flow.py` calls this, on Brownie's network."""
    play_script("identity")


if __name__ == "__main__":
    main()
