// What the compiled mocha suite of `ethr-did-registry` takes from Hardhat 2 and its plugins.
//
// Loaded before the suite (`mocha --require`): answers `require('hardhat')`, lets `ethers` mean version 5 as it did
// when the suite was written, and teaches chai the two matchers of Waffle that are used: `revertedWith`, and `equal`
// between big and plain numbers.

const Module = require('node:module')
const { join } = require('node:path')
const { provider, MODULES, REFERENCE } = require('./node.cjs')

const ethers = require('ethers-v5').ethers
const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...rest) {
  if (request === 'hardhat') return __filename
  const wanted = request.startsWith('ethers/') ? request.replace('ethers/', 'ethers-v5/') : request
  return resolve.call(this, wanted, ...rest)
}

const web3 = new ethers.providers.Web3Provider(provider)
web3.pollingInterval = 20

module.exports.ethers = {
  ...ethers,
  provider: web3,
  async getSigners() {
    const accounts = await web3.listAccounts()
    return accounts.map((address) => Object.assign(web3.getSigner(address), { address }))
  },
  async getContractFactory() {
    return new ethers.ContractFactory(REFERENCE.abi, REFERENCE.bytecode, web3.getSigner(0))
  },
}

require(join(MODULES, 'chai')).use((chai) => {
  chai.Assertion.addMethod('revertedWith', function (reason) {
    return Promise.resolve(this._obj).then(
      () => chai.assert.fail(`expected a revert with ${reason}`),
      (error) => chai.assert.include(String(error.message), `reverted: ${reason}`)
    )
  })
  chai.Assertion.overwriteMethod('equal', (original) => {
    return function (expected, ...rest) {
      if (!ethers.BigNumber.isBigNumber(this._obj)) return original.call(this, expected, ...rest)
      this.assert(this._obj.eq(expected), 'expected #{act} to equal #{exp}', '', `${expected}`, `${this._obj}`)
    }
  })
})
