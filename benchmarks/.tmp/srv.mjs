import { createCache } from '@cacheado/core'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import { AsyncLocalStorage } from 'node:async_hooks'
import apicache from 'apicache'
import express from 'express'
import { identity, scopes } from '../http/identity.js'
import { CALLER, report } from '../http/payload.js'
const als=new AsyncLocalStorage()
const V={
 bare:()=>[],
 'bare+als':()=>[(q,s,n)=>als.run({},n)],
 apicache:()=>[apicache.middleware('1 hour')],
 user:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheContext({cache,identity}),cacheMiddleware({scope:'user'})]},
 own:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheMiddleware({cache,identity,scope:'user'})]},
 global:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheContext({cache,identity}),cacheMiddleware({scope:'global'})]},
 ownglobal:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheMiddleware({cache,identity,scope:'global'})]},
 minstr:()=>{let hit;return [(q,s,n)=>{ if(hit){s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);return s.end(hit.b,'latin1')} const {end}=s; s.end=function(b,e){hit={h:Object.entries(s.getHeaders()),b:Buffer.from(b).latin1Slice()};return end.call(this,b,e)}; n()}]},
 minals:()=>{let hit;return [(q,s,n)=>als.run({},n),(q,s,n)=>{ if(hit){s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);return s.end(hit.b,'latin1')} const {end}=s; s.end=function(b,e){hit={h:Object.entries(s.getHeaders()),b:Buffer.from(b).latin1Slice()};return end.call(this,b,e)}; n()}]},
 minhead:()=>{let hit;return [(q,s,n)=>{ if(hit){s.writeHead(200,hit.h);return s.end(hit.b,'latin1')} const {end}=s; s.end=function(b,e){hit={h:Object.entries(s.getHeaders()).flat(),b:Buffer.from(b).latin1Slice()};return end.call(this,b,e)}; n()}]},
 minimal:()=>{let hit;return [(q,s,n)=>{ if(hit){s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);return s.end(hit.b)} const {end}=s; s.end=function(b,e){hit={h:Object.entries(s.getHeaders()),b:Buffer.from(b)};return end.call(this,b,e)}; n()}]},
}
const [,v]=process.argv.slice(2)
const app=express(); app.use((q,_,n)=>{q.user=CALLER;n()}); let handled=0
app.get('/report',...V[v](),(_,res)=>{handled++;res.json(report())})
const s=app.listen(0,'127.0.0.1',()=>process.send({port:s.address().port}))
process.on('message',()=>process.send({handled,cpu:process.cpuUsage()})); process.on('disconnect',()=>process.exit())
