// What the vitest suite of `ethr-did-resolver` takes from Hardhat 3: a connection to a network.

import { createRequire } from 'node:module'

const { provider } = createRequire(import.meta.url)('./node.cjs')

export default { network: { connect: async () => ({ provider }) } }
