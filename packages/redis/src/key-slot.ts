const SLOTS = 16_384

/** CRC16 (XMODEM) of one byte, which Redis Cluster spreads keys by. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** The slot of an ASCII key: of what stands in its first pair of braces, where there is something. */
export function keySlot(key: string): number {
  let start = 0
  let end = key.length
  const open = key.indexOf('{')
  if (open !== -1) {
    const close = key.indexOf('}', open + 1)
    if (close > open + 1) {
      start = open + 1
      end = close
    }
  }
  let crc = 0
  for (let at = start; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ key.charCodeAt(at)) & 0xff] as number)
  }
  return crc % SLOTS
}

/** What belongs to one slot, in its order, with the places it had before. */
export interface SlotGroup<T> {
  readonly items: T[]
  readonly places: number[]
}

/** The items by the slots of their keys. */
export function groupBySlot<T>(items: readonly T[], keyOf: (item: T) => string): SlotGroup<T>[] {
  const groups = new Map<number, SlotGroup<T>>()
  for (const [place, item] of items.entries()) {
    const slot = keySlot(keyOf(item))
    let group = groups.get(slot)
    if (group === undefined) groups.set(slot, (group = { items: [], places: [] }))
    group.items.push(item)
    group.places.push(place)
  }
  return [...groups.values()]
}
