import { Cached, CachedSync, CacheScope, InvalidateScope } from '@cacheado/nestjs'
import type { Request } from 'express'
import { expect, it } from 'vitest'

// Checked by the compiler: `npm run typecheck`.
class Decorated {
  @Cached({ scope: 'user' })
  async plain(id: string, at?: Date): Promise<string> {
    return id + String(at)
  }

  @Cached({ scope: 'user', key: (id: string) => id, identity: (id: string) => ({ user: id }) })
  async keyed(id: string): Promise<string> {
    return id
  }

  @CachedSync({ scope: 'global' })
  sync(id: string): string {
    return id
  }

  @InvalidateScope('user', {
    of: (id: string) => ({ user: id }),
    when: (result: number, id: string) => result > id.length,
    tags: (id: string) => [id],
  })
  async invalidates(id: string): Promise<number> {
    return id.length
  }

  @CacheScope('user', { key: (request: Request) => request.path, name: 'handler' })
  handler(): void {}

  // @ts-expect-error a method that gives no promise is for CachedSync
  @Cached({ scope: 'user' })
  notAsync(): string {
    return ''
  }

  // @ts-expect-error the key reads a number where the method takes a text
  @Cached({ scope: 'user', key: (id: number) => id })
  async wrongKey(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error an invalidation takes time
  @InvalidateScope('user')
  notAsyncEither(): void {}

  // @ts-expect-error static methods have no instance that Nest could give a cache
  @Cached({ scope: 'user' })
  static async classMethod(): Promise<void> {}

  // @ts-expect-error no such option
  @CacheScope('user', { tll: '1m' })
  misspelt(): void {}
}

it('decorators say at compile time what they are for', () => {
  expect(new Decorated().sync('a')).toBe('a')
})
