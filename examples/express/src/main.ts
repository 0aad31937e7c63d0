import { randomBytes } from 'node:crypto'
import { openBilling, Tokens } from 'example-saas'
import { createApp } from './app.js'

const billing = await openBilling()
const { app } = createApp(billing, new Tokens(process.env.JWT_SECRET ?? randomBytes(32).toString('base64url')))

const port = Number(process.env.PORT ?? 3000)
app.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
