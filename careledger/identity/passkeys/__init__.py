"""Passkeys: a customer whose wallet is a phone's finger, face or PIN (WebAuthn with a P-256 key).

`keys` gives a passkey its address, `ceremony` asks a browser and checks its answers off chain,
`assertion` makes of an answer the signature that every contract of the suite takes, `software`
stands in for a phone. Bytes: docs/protocol/identity-passkeys.md.
"""
