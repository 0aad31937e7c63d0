import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** A salted scrypt hash, as text. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return `${salt.toString('base64url')}.${(await derive(password, salt, 32)).toString('base64url')}`
}

/** Whether `password` is the one that was hashed; takes the same time whatever the answer. */
export async function passwordMatches(password: string, hashed: string): Promise<boolean> {
  const [salt = '', hash = ''] = hashed.split('.')
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url'), 32), Buffer.from(hash, 'base64url'))
}
