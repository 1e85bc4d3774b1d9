/** Time after which a test that waits for progress counts as hung. */
export const HANG_TIMEOUT_MS = 1_200_000;
