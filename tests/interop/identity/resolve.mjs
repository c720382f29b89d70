// Resolves DIDs with `ethr-did-resolver`, as anybody would.
// In: {"rpc", "registry", "chainId", "dids": [...]} on stdin. Out: one DID resolution result each, as JSON.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Resolver } = require('did-resolver')
const { getResolver } = require('ethr-did-resolver')

const { rpc, registry, chainId, dids } = JSON.parse(readFileSync(0, 'utf8'))
const resolver = new Resolver(getResolver({ name: 'dev', chainId, rpcUrl: rpc, registry }))
const results = []
for (const did of dids) results.push(await resolver.resolve(did))
process.stdout.write(JSON.stringify(results), () => process.exit(0))
