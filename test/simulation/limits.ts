/** Without faults, every frame and answer arrives within this time; milliseconds. */
export const PROMPT_MS = 3_000;
/** A busy instance has confirmed its doorbell by then, and seldom reads; milliseconds. */
export const PROVEN_MS = 8_000;
