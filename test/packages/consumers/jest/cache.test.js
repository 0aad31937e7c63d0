const { useCore, useExpress, useHono } = require('../use-product.cjs')

const core = require('@cacheado/core')
const identity = require('@cacheado/core/identity')

test('Jest, which knows no module-sync, gets the CommonJS build', () => {
  expect(require.resolve('@cacheado/core')).toMatch(/dist.cjs.index\.js$/)
})

test('scopes', () => useCore(core))

test('Express', () => {
  return useExpress({ ...core, ...identity, ...require('@cacheado/express'), express: require('express') })
})

test('Hono', () => useHono({ ...core, ...identity, ...require('@cacheado/hono'), Hono: require('hono').Hono }))

test('NestJS 11', () => require('../nest/out/app.js').useNest())
