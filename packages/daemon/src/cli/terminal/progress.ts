import type { Io } from './io.ts';

/** A spinner for anything shorter would only flicker. */
const DELAY_MS = 1000;

/** Waits for the work; shows a spinner at the terminal if it takes longer than a second. */
export async function withProgress<T>(io: Io, text: string, work: Promise<T>): Promise<T> {
  if (!io.stderr.isTTY) return work;
  let stop = (): void => {};
  const cancel = io.clock.after(DELAY_MS, () => {
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
