"""Verified once by a bank, read by an insurer with the customer's consent, and revoked."""

from careledger.cli.demo import play_script


def main() -> None:
    """Play the flow; `brownie run scripts/kyc_flow.py` calls this, on Brownie's network."""
    play_script("kyc")


if __name__ == "__main__":
    main()
