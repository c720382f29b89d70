// Writes and reads status lists: W3C's with `@digitalbazaar/vc-bitstring-status-list` inside a credential of
// `did-jwt-vc`, IETF's with `@sd-jwt/jwt-status-list`. Nothing is fetched: lists come with the question. See steps.mjs.

import {
  checkStatus,
  createCredential,
  createList,
  getCredentialStatus,
  statusTypeMatches,
  VC_BSL_VC_V1_CONTEXT,
} from '@digitalbazaar/vc-bitstring-status-list'
import { createHeaderAndPayload, getListFromStatusListJWT, StatusList } from '@sd-jwt/jwt-status-list'
import { createJWS, decodeJWT } from 'did-jwt'
import { createVerifiableCredentialJwt, verifyCredential } from 'did-jwt-vc'
import { resolver, run, signedByIssuer, signer } from './steps.mjs'

// A credential of VC 1.1 stands in the claim `vc`, which `did-jwt-vc` reads; one of VC 2.0 is the payload itself.
async function opened(token) {
  const { header, payload } = decodeJWT(token)
  if (header.typ !== 'vc+jwt') {
    return (await verifyCredential(token, resolver, { proofPurpose: 'assertionMethod' })).verifiableCredential
  }
  if (!(await signedByIssuer(token))) throw new Error('the list is not signed by its issuer')
  return payload
}

await run({
  issueBitstring: async ({ uri, length, revoked, at, did, key }) => {
    const list = await createList({ length })
    for (const index of revoked) list.setStatus(index, true)
    const vc = await createCredential({ id: uri, list, statusPurpose: 'revocation', context: VC_BSL_VC_V1_CONTEXT })
    const payload = { ...vc, issuer: did, issuanceDate: new Date(at * 1000).toISOString() }
    return createVerifiableCredentialJwt(payload, { did, alg: key.alg, signer: signer(key) })
  },
  // For a credential, what its list says: true is revoked. Both are verified first.
  readBitstring: async ({ token, lists }) => {
    const credential = await opened(token)
    if (!statusTypeMatches({ credential })) throw new Error('no Bitstring Status List is named')
    const documentLoader = async (url) => {
      if (!lists[url]) throw new Error(`no status list at ${url}`)
      return { document: await opened(lists[url]) }
    }
    const found = await checkStatus({ credential, documentLoader, verifyBitstringStatusListCredential: false })
    if (!found.verified) throw found.error
    return { entry: getCredentialStatus({ credential, statusPurpose: 'revocation' }), revoked: found.results[0].status }
  },
  issueToken: ({ payload, statuses, bits, kid, key }) => {
    const list = new StatusList(statuses, bits)
    const token = createHeaderAndPayload(list, payload, { alg: key.alg, typ: 'statuslist+jwt', kid })
    return createJWS(token.payload, signer(key), token.header)
  },
  readToken: async ({ token, indexes }) => {
    if (!(await signedByIssuer(token))) throw new Error('the list is not signed by its issuer')
    const list = getListFromStatusListJWT(token)
    return { bits: list.getBitsPerStatus(), statuses: indexes.map((index) => list.getStatus(index)) }
  },
})
