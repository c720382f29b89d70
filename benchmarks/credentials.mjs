// The same work by other people's packages, timed one by one: issue, present, verify. Reads one JSON object from
// stdin, {"rpc", "registry", "chainId", "issuer": {did, secret}, "holder": {did, secret}, "claims", "count"}, and writes
// {"<package>": {"issue": [ms, ...], "present": [...], "verify": [...]}}. Packages are those of tests/interop.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { resolve } = createRequire(new URL('../tests/interop/package.json', import.meta.url))
const { Resolver } = await import(resolve('did-resolver'))
const { ES256KSigner, verifyJWS } = await import(resolve('did-jwt'))
const { createVerifiableCredentialJwt, createVerifiablePresentationJwt, verifyPresentation } = await import(resolve('did-jwt-vc'))
const { getResolver } = await import(resolve('ethr-did-resolver'))
const { digest, generateSalt } = await import(resolve('@sd-jwt/crypto-nodejs'))
const { SDJwtVcInstance } = await import(resolve('@sd-jwt/sd-jwt-vc'))

const { rpc, registry, chainId, issuer, holder, claims, count } = JSON.parse(readFileSync(0, 'utf8'))
const resolver = new Resolver(getResolver({ name: 'dev', chainId, rpcUrl: rpc, registry }))
const sign = ({ secret }) => ES256KSigner(Uint8Array.from(Buffer.from(secret, 'hex')))
const as = (party) => ({ did: party.did, alg: 'ES256K', signer: sign(party) })
const now = Math.floor(Date.now() / 1000)

async function timed(work) {
  const times = []
  const made = []
  for (let number = 0; number < count; number++) {
    const start = performance.now()
    made.push(await work(number))
    times.push(performance.now() - start)
  }
  return { times, made }
}

async function threeSteps(issue, present, verify) {
  const issued = await timed(issue)
  const presented = await timed((number) => present(issued.made[number], number))
  const verified = await timed((number) => verify(presented.made[number], number))
  return { issue: issued.times, present: presented.times, verify: verified.times }
}

const vc = {
  '@context': ['https://www.w3.org/2018/credentials/v1'],
  type: ['VerifiableCredential', 'Kyc'],
  credentialSubject: claims,
}
const didJwtVc = () =>
  threeSteps(
    () => createVerifiableCredentialJwt({ sub: holder.did, nbf: now - 60, exp: now + 86400, vc }, as(issuer)),
    (token, number) =>
      createVerifiablePresentationJwt(
        {
          vp: {
            '@context': ['https://www.w3.org/2018/credentials/v1'],
            type: ['VerifiablePresentation'],
            verifiableCredential: [token],
          },
        },
        as(holder),
        { challenge: `nonce-${number}`, domain: 'https://insurer.example' },
      ),
    (token, number) => verifyPresentation(token, resolver, { challenge: `nonce-${number}`, domain: 'https://insurer.example' }),
  )

// The package leaves signatures to its caller; the issuer's key comes from its DID document, as anybody would do it.
async function byIssuer(data, signature) {
  const { didDocument } = await resolver.resolve(issuer.did)
  return Boolean(verifyJWS(`${data}.${signature}`, didDocument.verificationMethod))
}
const byHolder = (data, signature, { cnf }) =>
  Boolean(verifyJWS(`${data}.${signature}`, [{ id: 'cnf', type: 'JsonWebKey2020', controller: 'cnf', publicKeyJwk: cnf.jwk }]))
const sdJwtVc = () => {
  const hashing = { hasher: digest, saltGenerator: generateSalt, hashAlg: 'sha-256' }
  const by = new SDJwtVcInstance({ ...hashing, signer: sign(issuer), signAlg: 'ES256K' })
  const mine = new SDJwtVcInstance({ ...hashing, kbSigner: sign(holder), kbSignAlg: 'ES256K' })
  const reads = new SDJwtVcInstance({ ...hashing, verifier: byIssuer, kbVerifier: byHolder })
  const frame = { _sd: Object.keys(claims) }
  const payload = { iss: issuer.did, vct: 'https://bank.example/kyc/1', iat: now - 60, exp: now + 86400, cnf: { jwk: holder.jwk }, ...claims }
  return threeSteps(
    () => by.issue(payload, frame),
    (token, number) =>
      mine.present(token, { age_over_18: true, resident_eu: true }, {
        kb: { payload: { iat: now, aud: 'https://insurer.example', nonce: `nonce-${number}` } },
      }),
    (token, number) => reads.verify(token, { keyBindingNonce: `nonce-${number}`, requiredClaimKeys: ['age_over_18', 'resident_eu'] }),
  )
}

const found = { 'did-jwt-vc': await didJwtVc(), '@sd-jwt/sd-jwt-vc': await sdJwtVc() }
process.stdout.write(JSON.stringify(found), () => process.exit(0))
