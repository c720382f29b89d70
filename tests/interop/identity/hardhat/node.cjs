// What Hardhat's in-process network is to a test suite, made of a JSON-RPC connection to a local Anvil.
//
// Two things are done that Anvil does not do by itself:
// - A transaction that is sent while every transaction is mined at once is answered when it is mined, as Hardhat
//   answers it: the suites read the block's number at once.
// - The creation code of the reference registry is replaced by that of our IdentityRegistry, here, on the way to the
//   chain. So the suites' files, their ABI included, stay as they were published.

const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const URL = process.env.CARELEDGER_INTEROP_RPC
const ARTIFACT = process.env.CARELEDGER_INTEROP_ARTIFACT
if (!URL || !ARTIFACT) throw new Error('CARELEDGER_INTEROP_RPC and CARELEDGER_INTEROP_ARTIFACT must be set')

const MODULES = join(__dirname, '..', '..', 'node_modules')
const read = (file) => readFileSync(join(MODULES, file), 'utf8')

const REFERENCE = JSON.parse(
  read('ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol/EthereumDIDRegistry.json')
)
// The resolver's suite brings the same contract, made by another version of the compiler, as a source file.
const [, RESOLVERS_BYTECODE] = /bytecode:\s*'(0x[0-9a-f]+)'/.exec(
  read('ethr-did-resolver/src/config/EthereumDIDRegistry.ts')
)
const REPLACED = [REFERENCE.bytecode, RESOLVERS_BYTECODE]
const OURS = JSON.parse(readFileSync(ARTIFACT, 'utf8'))

let requests = 0
let automine = true

async function rpc(method, params = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: ++requests, method, params })
  const answer = await fetch(URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { result, error } = await answer.json()
  if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data })
  return result
}

/** Return a transaction that creates our registry where it was to create the reference one. */
function replaced(transaction) {
  const code = transaction.data ?? transaction.input
  if (transaction.to || !REPLACED.includes(code)) return transaction
  const { input, ...rest } = transaction
  return { ...rest, data: OURS.bytecode }
}

async function mined(hash) {
  while (automine && !(await rpc('eth_getTransactionReceipt', [hash]))) {
    await new Promise((done) => setTimeout(done, 2))
  }
  return hash
}

/** An EIP-1193 provider, as `hre.network.provider` (Hardhat 2) and a connection's `provider` (Hardhat 3) are. */
const provider = {
  async request({ method, params = [] }) {
    if (method === 'evm_setAutomine') automine = params[0]
    const creates = method === 'eth_sendTransaction' || method === 'eth_estimateGas'
    const result = await rpc(method, creates ? [replaced(params[0]), ...params.slice(1)] : params)
    return method === 'eth_sendTransaction' || method === 'eth_sendRawTransaction' ? mined(result) : result
  },
}

module.exports = { provider, MODULES, REFERENCE }
