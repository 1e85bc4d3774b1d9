/** The store exists but cannot be used. Nothing in it was changed. */
export class UnreadableStoreError extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`${path} cannot be read: ${why}.`, { cause });
    this.name = 'UnreadableStoreError';
  }
}
