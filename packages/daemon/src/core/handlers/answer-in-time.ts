import { type Handlers, OcmeshError, operations } from '@ocmesh/shared/contract';
import type { Store } from '../ports/store.ts';

/** Seconds after which a caller may try again. */
const RETRY_SECONDS = 10;

type Call = (input: never, context?: never) => Promise<unknown>;

/**
 * Lets calls that change something end with an error when the disk becomes slow, instead of waiting with it. The call itself
 * goes on, and so does what follows from it. Reads need no such end: the store serves them from what is on disk.
 */
export function answerInTime<H extends Partial<Handlers>>(store: Pick<Store, 'onSlow'>, handlers: H): H {
  const bounded = Object.entries(handlers).map(([name, handler]) => {
    const operation = operations[name as keyof typeof operations];
    return [name, operation.method === 'GET' ? handler : inTime(store, handler as Call)];
  });
  return Object.fromEntries(bounded) as H;
}

const inTime =
  (store: Pick<Store, 'onSlow'>, call: Call): Call =>
  (input, context) =>
    new Promise((resolve, reject) => {
      const cancel = store.onSlow(() =>
        reject(
          new OcmeshError('storage_slow', {
            problem: 'may_be_stored',
            message: 'The disk does not respond. What you asked for may still be done once it does.',
            retryAfterSeconds: RETRY_SECONDS,
          }),
        ),
      );
      call(input, context).then(resolve, reject).finally(cancel);
    });
