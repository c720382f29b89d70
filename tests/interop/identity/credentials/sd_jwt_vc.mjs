// Issues, presents and verifies SD-JWT VCs with `@sd-jwt/sd-jwt-vc`, as anybody would. See steps.mjs.
// The package leaves signatures to its caller: `did-jwt` checks them with the keys of the issuer's DID document.

import { digest, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { fits, run, signedByIssuer, signer } from './steps.mjs'

const byIssuer = (data, signature) => signedByIssuer(`${data}.${signature}`)

const byHolder = (data, signature, { cnf }) =>
  Boolean(cnf) &&
  fits(`${data}.${signature}`, [{ id: 'cnf', type: 'JsonWebKey2020', controller: 'cnf', publicKeyJwk: cnf.jwk }])

const config = { hasher: digest, saltGenerator: generateSalt, hashAlg: 'sha-256' }

await run({
  issue: ({ payload, frame, header, key, hashAlg = config.hashAlg }) =>
    new SDJwtVcInstance({ ...config, hashAlg, signer: signer(key), signAlg: key.alg }).issue(payload, frame, { header }),
  present: ({ token, frame, kb, key }) =>
    new SDJwtVcInstance({ ...config, ...(key && { kbSigner: signer(key), kbSignAlg: key.alg }) }).present(
      token,
      frame,
      kb && { kb: { payload: kb } },
    ),
  // `lists` has the Token Status Lists by their URI: nothing is fetched.
  verify: async ({ token, nonce, claims, lists = {} }) => {
    const statusListFetcher = async (uri) => {
      if (!lists[uri]) throw new Error(`no status list at ${uri}`)
      return lists[uri]
    }
    const verifier = new SDJwtVcInstance({ ...config, verifier: byIssuer, kbVerifier: byHolder, statusListFetcher })
    return verifier.verify(token, { keyBindingNonce: nonce, requiredClaimKeys: claims })
  },
})
