// in-process express: no kernel. node inproc.mjs variants...
import http from 'node:http'
import { Duplex } from 'node:stream'
import { createCache } from '@cacheado/core'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import { AsyncLocalStorage } from 'node:async_hooks'
import apicache from 'apicache'
import express from 'express'
import { identity, scopes } from '../http/identity.js'
import { CALLER, report } from '../http/payload.js'
const als=new AsyncLocalStorage()
const capture=(f)=>{let hit;return (q,s,n)=>{ if(hit)return f(s,hit); const {end}=s; s.end=function(b,e){hit={h:Object.entries(s.getHeaders()),b:Buffer.from(b)};hit.s=hit.b.latin1Slice();hit.flat=hit.h.flat();return end.call(this,b,e)}; n()}}
const V={
 bare:()=>[],
 'bare+als':()=>[(q,s,n)=>als.run({},n)],
 apicache:()=>[apicache.middleware('1 hour')],
 user:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheContext({cache,identity}),cacheMiddleware({scope:'user'})]},
 own:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheMiddleware({cache,identity,scope:'user'})]},
 global:()=>{const cache=createCache({scopes,ttl:'1h'});return [cacheContext({cache,identity}),cacheMiddleware({scope:'global'})]},
 minimal:()=>[capture((s,hit)=>{s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);s.end(hit.b)})],
 minstr:()=>[capture((s,hit)=>{s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);s.end(hit.s,'latin1')})],
 min4:()=>[capture((s,hit)=>{s.statusCode=200;for(const [k,v] of hit.h)s.setHeader(k,v);s.setHeader('Age','0');s.setHeader('Cache-Control','private');s.setHeader('Vary','Cookie, Authorization');s.setHeader('Cache-Status','cacheado; hit; ttl=3599');s.end(hit.b)})],
}
const names=process.argv.slice(2)
class Sock extends Duplex{ constructor(){super();this.remoteAddress='127.0.0.1'} _read(){} _write(c,e,cb){cb()} _writev(c,cb){cb()} setTimeout(){} destroySoon(){} }
const raw=['Host','127.0.0.1:3000','Connection','keep-alive']
const H={host:'127.0.0.1:3000',connection:'keep-alive'}
function mk(v){ const app=express(); app.use((q,_,n)=>{q.user=CALLER;n()}); let handled=0; app.get('/report',...V[v](),(_,r)=>{handled++;r.json(report())})
 const sock=new Sock()
 const one=()=>new Promise(done=>{const q=new http.IncomingMessage(sock);q.method='GET';q.url='/report';q.httpVersion='1.1';q.httpVersionMajor=1;q.httpVersionMinor=1;q.rawHeaders=raw;q.headers={...H};q.complete=true;const s=new http.ServerResponse(q);s.assignSocket(sock);s.on('finish',()=>{s.detachSocket(sock);q._dump?.();s.emit('close');done()});app(q,s)})
 return {v,ns:[],run:async n=>{const c=process.cpuUsage();const t=process.hrtime.bigint();for(let i=0;i<n;i++)await one();return Number(process.hrtime.bigint()-t)/n},get handled(){return handled}}}
const ps=names.map(mk)
for(let r=-6;r<25;r++)for(const p of ps){globalThis.gc?.({type:'minor',execution:'sync'});const d=await p.run(1500);if(r>=0)p.ns.push(d)}
const med=a=>[...a].sort((x,y)=>x-y)[a.length>>1]
for(const p of ps)console.log(p.v.padEnd(10),'med',(med(p.ns)/1000).toFixed(2),'min',(Math.min(...p.ns)/1000).toFixed(2),'µs  handled',p.handled)
