/**
 * Bytes of the largest payload that is written or read (rule R-28). What is larger stays in the memory of the process: a
 * store that delivers it takes longer than its deadline, and taking it apart would block everybody else.
 */
export const LARGEST_PAYLOAD = 8 * 1024 * 1024

/** How much a compressed payload may grow: more is a bomb, and is neither written nor read (rule R-28). */
export const LARGEST_RATIO = 10
