// Signs JWS with `did-jwt`, and checks them with the keys of their issuer's DID document. See steps.mjs.

import { createJWS } from 'did-jwt'
import { run, signedByIssuer, signer } from './steps.mjs'

await run({
  sign: ({ payload, header, key }) => createJWS(payload, signer(key), { ...header, alg: key.alg }),
  check: ({ token }) => signedByIssuer(token),
})
