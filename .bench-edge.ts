import { HttpEdge } from '#/edge/http/server.ts'
import { UndiciUpstream } from '#/edge/http/undici-upstream.ts'
import { DEFAULT_HTTP_LIMITS } from '#/edge/http/limits.ts'
import { systemClock } from '#/lib/clock.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
const [port, base, n] = process.argv.slice(2).map(Number)
const table = new EndpointTable(new ColumnStore(64))
const refs = Array.from({length:n!},(_,i)=>table.add({namespace:'d',name:'e'+i,scheme:'http',host:'127.0.0.1',port:base!+i,labels:{}}).ref)
let k=0
const ticket = { sent(){}, answered(){return plan}, firstByte(){}, bytes(c:any,_l:any,out:any){out(c)}, end(){} }
const plan = { headers:{set:[]}, body:'observe' as const }
const NP = {set:[]}
const router = { route(ex:any){ k=(k+1)%refs.length; return { kind:'forward', pool: undefined as any, endpoints:[refs[k]!, refs[(k+1)%refs.length]!], legs:[], headersFor:()=>NP, body:{parts:ex.body,lengthBytes:ex.bodyBytes}, ticket } as any } }
const edge = await HttpEdge.listen({ router, upstream: new UndiciUpstream(), endpointOf:(r)=>table.get(r), inferencePaths:['/v1/chat/completions','/v1/completions'], localRoutes:[], limits: DEFAULT_HTTP_LIMITS, clock: systemClock, observer:{ onDefect:(c)=>console.error(c), onEndpointFailure:(_,f)=>console.error(f.cause)} }, '127.0.0.1', port!)
console.log('up', edge.address.port)
process.on('SIGTERM',()=>process.exit())
