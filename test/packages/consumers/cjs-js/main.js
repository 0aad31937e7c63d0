const { createCache, isCacheError } = require('@cacheado/core')
const identity = require('@cacheado/core/identity')
const { useCore, useExpress, useHono, useIdentity, useStores } = require('../use-product.cjs')

async function main() {
  await useCore({ createCache, isCacheError })
  await useIdentity(identity)
  const stores = ['keyv', 'memcached', 'redis'].map((name) => require(`@cacheado/${name}`))
  await useStores(Object.assign({ createCache }, ...stores))
  await useExpress({ createCache, ...identity, ...require('@cacheado/express'), express: require('express') })
  await useHono({ createCache, ...identity, ...require('@cacheado/hono'), Hono: require('hono').Hono })
  console.log('used')
}

void main()
