/** A timer that never keeps the process alive; returns what cancels it. */
export function later(delay: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delay)
  timer.unref()
  return () => clearTimeout(timer)
}

/** The work, or a rejection where it takes longer than so many milliseconds; what it does afterwards is ignored. */
export async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    cancel = later(limit, () => reject(new Error(`no answer within ${limit} ms`)))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}
