/** For a test that waits for progress: only a hung one takes as long. */
export const FAR_END_MS = 1_200_000;
