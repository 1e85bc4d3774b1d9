/** The store is there but cannot be used. It is left as it is. */
export class UnreadableStoreError extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`${path} cannot be read: ${why}.`, { cause });
    this.name = 'UnreadableStoreError';
  }
}
