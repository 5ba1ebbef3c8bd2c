/** Where nothing goes wrong nothing takes longer, in milliseconds. */
export const PROMPT_MS = 3_000;
/** By then an instance that works has seen that its doorbell delivers, and reads seldom; milliseconds. */
export const PROVEN_MS = 8_000;
