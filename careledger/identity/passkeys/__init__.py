"""Passkeys: a customer signs with a phone's finger, face or PIN (WebAuthn with a P-256 key).

`keys` gives a passkey its address, `ceremony` asks a browser and checks its answers, `assertion`
makes of an answer the signature that every contract of the suite takes, `software_authenticator`
stands in for a phone. Bytes: docs/protocol/identity-passkeys.md.
"""
