// Issues and verifies W3C credentials as JWT with `did-jwt-vc`, as anybody would. See steps.mjs.

import {
  createVerifiableCredentialJwt,
  createVerifiablePresentationJwt,
  verifyCredential,
  verifyPresentation,
} from 'did-jwt-vc'
import { resolver, run, signer } from './steps.mjs'

const issuer = ({ did, key }) => ({ did, alg: key.alg, signer: signer(key) })
const told = ({ payload, issuer, signer, verifiableCredential, verifiablePresentation }) => ({
  payload,
  issuer,
  signer: signer.id,
  credential: verifiableCredential,
  presentation: verifiablePresentation,
})

// Only keys of the document's assertionMethod may have signed a credential,
const verified = (token) => verifyCredential(token, resolver, { proofPurpose: 'assertionMethod' })

await run({
  issue: ({ payload, header, ...by }) => createVerifiableCredentialJwt(payload, issuer(by), { header }),
  present: ({ payload, header, challenge, domain, ...by }) =>
    createVerifiablePresentationJwt(payload, issuer(by), { header, challenge, domain }),
  verify: async ({ token }) => told(await verified(token)),
  // and only keys of authentication a presentation. The package leaves the credentials inside to its caller.
  verifyPresentation: async ({ token, challenge, domain }) => {
    const found = await verifyPresentation(token, resolver, { challenge, domain, proofPurpose: 'authentication' })
    for (const credential of found.payload.vp.verifiableCredential) await verified(credential)
    return told(found)
  },
})
