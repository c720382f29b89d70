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

await run({
  issue: ({ payload, header, ...by }) => createVerifiableCredentialJwt(payload, issuer(by), { header }),
  present: ({ payload, header, challenge, domain, ...by }) =>
    createVerifiablePresentationJwt(payload, issuer(by), { header, challenge, domain }),
  // Only keys of the document's assertionMethod may have signed a credential,
  verify: async ({ token }) => told(await verifyCredential(token, resolver, { proofPurpose: 'assertionMethod' })),
  // and only keys of authentication a presentation.
  verifyPresentation: async ({ token, challenge, domain, purpose = 'authentication' }) =>
    told(await verifyPresentation(token, resolver, { challenge, domain, proofPurpose: purpose })),
})
