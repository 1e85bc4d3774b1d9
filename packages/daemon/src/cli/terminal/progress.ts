import type { Io } from './io.ts';

/** Below that, something that turns would only flicker. */
const PATIENCE_MS = 1000;

/** Waits for the work; where it takes longer than a second, the terminal shows that it goes on. */
export async function withProgress<T>(io: Io, text: string, work: Promise<T>): Promise<T> {
  if (!io.stderr.isTTY) return work;
  let stop = (): void => {};
  const cancel = io.clock.after(PATIENCE_MS, () => {
    void import('yocto-spinner').then(({ default: createSpinner }) => {
      if (isOver) return;
      const spinner = createSpinner({ text, stream: io.stderr, handleSignals: false }).start();
      stop = () => void spinner.stop();
    });
  });
  let isOver = false;
  try {
    return await work;
  } finally {
    isOver = true;
    cancel();
    stop();
  }
}
