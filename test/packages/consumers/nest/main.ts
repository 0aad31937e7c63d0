import { useNest } from './app.js'

void useNest().then(() => console.log('used'))
