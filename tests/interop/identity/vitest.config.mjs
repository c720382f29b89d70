// Runs the suite that `ethr-did-resolver` ships, where npm put it. Left out is the one file that talks to public
// networks. The files share one chain, so they run one after the other.

import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../node_modules/ethr-did-resolver/src', import.meta.url))

export default {
  root,
  cacheDir: fileURLToPath(new URL('../node_modules/.vite', import.meta.url)),
  resolve: { alias: { hardhat: fileURLToPath(new URL('./hardhat/v3.mjs', import.meta.url)) } },
  test: {
    dir: root,
    include: ['__tests__/*.test.ts'],
    exclude: ['__tests__/networks.integration.test.ts'],
    fileParallelism: false,
    server: { deps: { inline: [/ethr-did-resolver/] } },
    testTimeout: 30_000,
  },
}
