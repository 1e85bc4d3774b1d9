import { type ReadonlySignal, signal } from '@preact/signals';

/** Records by their key, as one signal: a reader sees all changes of a turn together. */
export interface Collection<T> {
  readonly all: ReadonlySignal<ReadonlyMap<string, T>>;
  get(key: string): T | undefined;
  put(records: Iterable<T>): void;
  replace(records: Iterable<T>): void;
  remove(key: string): void;
}

/** @param keyOf the key of a record */
export function createCollection<T>(keyOf: (record: T) => string): Collection<T> {
  const all = signal<ReadonlyMap<string, T>>(new Map());
  const withAll = (records: Iterable<T>, into: Map<string, T>): Map<string, T> => {
    for (const record of records) into.set(keyOf(record), record);
    return into;
  };
  return {
    all,
    get: (key) => all.peek().get(key),
    put(records) {
      all.value = withAll(records, new Map(all.peek()));
    },
    replace(records) {
      all.value = withAll(records, new Map());
    },
    remove(key) {
      if (!all.peek().has(key)) return;
      const rest = new Map(all.peek());
      rest.delete(key);
      all.value = rest;
    },
  };
}
