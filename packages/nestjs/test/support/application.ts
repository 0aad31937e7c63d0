import 'reflect-metadata'
import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { Test } from '@nestjs/testing'
import { claim, identityFrom } from '@cacheado/core/identity'
import { CacheadoModule, type CacheadoModuleOptions } from '@cacheado/nestjs'
import { afterEach } from 'vitest'

export const scopes = { organization: 'global', user: 'organization' } as const
export const identity = identityFrom({ organization: claim('org'), user: claim('sub') })

type Authenticated = { readonly headers: Record<string, string | undefined>; user?: unknown }

/** Trusts `Authorization: organization/user`, and refuses who sends none or is named in `banned`. Counts how often it is asked. */
@Injectable()
export class AuthGuard implements CanActivate {
  static asked = 0
  static readonly banned = new Set<string>()

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true
    AuthGuard.asked++
    const request = context.switchToHttp().getRequest<Authenticated>()
    const { authorization = '' } = request.headers
    const [org, sub] = authorization.split('/')
    if (!sub || AuthGuard.banned.has(authorization)) throw new UnauthorizedException()
    request.user = { org, sub }
    return true
  }
}

const running: INestApplication[] = []
afterEach(async () => {
  AuthGuard.asked = 0
  AuthGuard.banned.clear()
  await Promise.all(running.splice(0).map((app) => app.close()))
})

export interface Started {
  readonly app: INestApplication
  readonly url: string
  /** Asks as `organization/user`. */
  ask(who: string, path: string, init?: RequestInit): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly hit: boolean
}

/** Starts an application on a free port; it is closed after the test. */
export async function start(
  metadata: ModuleMetadata,
  prepare: (app: INestApplication) => void = () => {},
): Promise<Started> {
  const module = await Test.createTestingModule(metadata).compile()
  const app = module.createNestApplication({ logger: false })
  prepare(app)
  await app.listen(0, '127.0.0.1')
  running.push(app)
  const url = await app.getUrl()
  return { app, url, ask: (who, path, init) => ask(url + path, who, init) }
}

/** An application with a cache and the guard above. */
export function startCached(
  metadata: ModuleMetadata,
  options: CacheadoModuleOptions = {},
  prepare?: (app: INestApplication) => void,
): Promise<Started> {
  const cacheado = CacheadoModule.forRoot({ isGlobal: true, scopes, identity, ...options })
  return start(
    {
      ...metadata,
      imports: [cacheado, ...(metadata.imports ?? [])],
      providers: [{ provide: APP_GUARD, useClass: AuthGuard }, ...(metadata.providers ?? [])],
    },
    prepare,
  )
}

export async function ask(url: string, who: string, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers)
  if (who !== '') headers.set('authorization', who)
  const response = await fetch(url, { redirect: 'manual', ...init, headers })
  const body = await response.text()
  const hit = response.headers.get('cache-status')?.startsWith('cacheado; hit') === true
  return { status: response.status, headers: response.headers, body, hit }
}

/** Something that a handler waits for and a test opens. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
