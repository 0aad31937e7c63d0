// The tests of this package on NestJS 11: what `nest-11.test.ts` installs stands in for what the workspace has.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mergeConfig } from 'vitest/config'
import base from '../../../../vitest.config.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const installed = join(root, '.cache/nest-11/node_modules')

export default mergeConfig(base, {
  root,
  resolve: { alias: [{ find: /^(@nestjs\/[^/]+|rxjs|reflect-metadata)$/, replacement: join(installed, '$1') }] },
  test: {
    env: { NESTJS_FOLDER: installed },
    exclude: ['**/nest-11/**'],
  },
})
