import { createCache, isCacheError } from '@cacheado/core'
import * as identity from '@cacheado/core/identity'
import * as express from '@cacheado/express'
import * as hono from '@cacheado/hono'
import makeExpress from 'express'
import { Hono } from 'hono'
import { useCore, useExpress, useHono, useIdentity } from '../use-product.cjs'

await useCore({ createCache, isCacheError })
await useIdentity(identity)
await useExpress({ createCache, ...identity, ...express, express: makeExpress })
await useHono({ createCache, ...identity, ...hono, Hono })
console.log('used')
