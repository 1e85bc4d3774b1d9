import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Frees what nothing refers to any more. V8 does that by itself when it needs room, and an idle daemon needs none: after
 * a start with 100,000 messages it kept two copies of the database for as long as nothing happened.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect();
}
