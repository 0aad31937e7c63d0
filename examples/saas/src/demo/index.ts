export { Checklist } from './checklist.js'
export { bold, count, dim, green, heading, print, red, table, time, yellow } from './terminal.js'
