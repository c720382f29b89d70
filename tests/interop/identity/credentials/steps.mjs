// What the programs beside this file share. Each reads one JSON object from stdin:
//   {"chain": {"rpc", "registry", "chainId"}, "steps": [{"do": name, ...}]}
// and writes a list: for every step {"ok": answer}, or {"refused": why} where the package threw.

import { readFileSync } from 'node:fs'
import { Resolver } from 'did-resolver'
import { decodeJWT, EdDSASigner, ES256KSigner, ES256Signer, verifyJWS } from 'did-jwt'
import { getResolver } from 'ethr-did-resolver'

const asked = JSON.parse(readFileSync(0, 'utf8'))
const { rpc, registry, chainId } = asked.chain

// DIDs are resolved from the chain by `ethr-did-resolver`, once in a run, for every program alike.
export const resolver = new Resolver(getResolver({ name: 'dev', chainId, rpcUrl: rpc, registry }), { cache: true })

// A signer of `did-jwt` from {"alg", "secret"}: 32 bytes in hexadecimal.
export function signer({ alg, secret }) {
  const key = Uint8Array.from(Buffer.from(secret, 'hex'))
  switch (alg) {
    case 'ES256K':
      return ES256KSigner(key)
    case 'ES256K-R':
      return ES256KSigner(key, true)
    case 'ES256':
      return ES256Signer(key)
    case 'EdDSA':
      return EdDSASigner(key)
    default:
      throw new Error(`no signer for ${alg}`)
  }
}

// Whether one of the keys made the token's signature. `did-jwt` throws when a key does not fit: here that is an answer.
export function fits(token, keys) {
  return keys.some((key) => {
    try {
      return Boolean(verifyJWS(token, key))
    } catch {
      return false
    }
  })
}

// Whether a token is signed by a key that its issuer's DID document lists for statements: by the one that the
// header names, where it names one.
export async function signedByIssuer(token) {
  const { header, payload } = decodeJWT(token)
  const { kid } = header
  const iss = payload.iss ?? payload.issuer?.id ?? payload.issuer ?? kid?.split('#')[0]
  const { didDocument, didResolutionMetadata } = await resolver.resolve(iss)
  if (!didDocument) throw new Error(`no document of ${iss}: ${didResolutionMetadata.error}`)
  const keys = didDocument.verificationMethod.filter(({ id }) => didDocument.assertionMethod.includes(id))
  return fits(token, kid ? keys.filter(({ id }) => id === kid || id === iss + kid) : keys)
}

export async function run(actions) {
  const answers = []
  for (const { do: name, ...step } of asked.steps) {
    const action = actions[name]
    if (!action) throw new Error(`unknown step ${name}`)
    try {
      answers.push({ ok: (await action(step)) ?? null })
    } catch (error) {
      answers.push({ refused: error.message || String(error) })
    }
  }
  process.stdout.write(JSON.stringify(answers), () => process.exit(0))
}
