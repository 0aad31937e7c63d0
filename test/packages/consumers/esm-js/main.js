import { createCache, isCacheError } from '@cacheado/core'
import * as identity from '@cacheado/core/identity'
import * as express from '@cacheado/express'
import * as hono from '@cacheado/hono'
import { keyvStore } from '@cacheado/keyv'
import { memcachedStore } from '@cacheado/memcached'
import { redisStore } from '@cacheado/redis'
import makeExpress from 'express'
import { Hono } from 'hono'
import { useCore, useExpress, useHono, useIdentity, useStores } from '../use-product.cjs'

await useCore({ createCache, isCacheError })
await useIdentity(identity)
await useStores({ createCache, keyvStore, memcachedStore, redisStore })
await useExpress({ createCache, ...identity, ...express, express: makeExpress })
await useHono({ createCache, ...identity, ...hono, Hono })
console.log('used')
