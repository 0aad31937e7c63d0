import { createParamDecorator, Injectable, UnauthorizedException } from '@nestjs/common'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { Request } from 'express'
import { bearerToken, Tokens } from 'example-saas'
import type { Claims } from 'example-saas'

type AuthenticatedRequest = Request & { user?: Claims }

/** Marks a route that needs no token. */
export const Public = Reflector.createDecorator<true>()

/** The verified claims of the caller. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Claims => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>()
  if (!user) throw new UnauthorizedException()
  return user
})

/** Answers 401 unless the request brings a token of ours; behind it, `request.user` says who asks. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: Tokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get(Public, context.getHandler())) return true
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>()
    try {
      request.user = await this.tokens.verify(bearerToken(request.headers.authorization) ?? '')
      return true
    } catch {
      throw new UnauthorizedException('A valid access token is needed')
    }
  }
}
