/** Several queues of which each gets its turn: who fills one holds up nobody else's. */
export interface FairQueue<Item> {
  push(queue: string, item: Item, bytes: number): void;
  /** The next one, of the queue whose turn it is. */
  shift(): Item | undefined;
  /** The queue that holds the most; undefined when all are empty. */
  longest(): string | undefined;
  /** Takes out what came last into this queue. */
  pop(queue: string): Item | undefined;
  count(): number;
  bytes(): number;
  clear(): void;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** In the order of their turns. Empty ones are left out. */
  const queues = new Map<string, { readonly waiting: Waiting<Item>[]; bytes: number }>();
  let count = 0;
  let bytes = 0;

  function take(name: string, end: 'shift' | 'pop'): Item | undefined {
    const queue = queues.get(name);
    const taken = queue?.waiting[end]();
    if (!queue || !taken) return undefined;
    queue.bytes -= taken.bytes;
    count--;
    bytes -= taken.bytes;
    if (queue.waiting.length === 0) queues.delete(name);
    return taken.item;
  }

  return {
    push(name, item, size) {
      const queue = queues.get(name) ?? { waiting: [], bytes: 0 };
      queues.set(name, queue);
      queue.waiting.push({ item, bytes: size });
      queue.bytes += size;
      count++;
      bytes += size;
    },
    shift() {
      const [next] = queues;
      if (!next) return undefined;
      const [name, queue] = next;
      const item = take(name, 'shift');
      // Behind all others, if there is anything left in it.
      if (queues.delete(name)) queues.set(name, queue);
      return item;
    },
    longest() {
      let found: string | undefined;
      let most = 0;
      for (const [name, queue] of queues) {
        if (queue.bytes <= most) continue;
        found = name;
        most = queue.bytes;
      }
      return found;
    },
    pop: (name) => take(name, 'pop'),
    count: () => count,
    bytes: () => bytes,
    clear() {
      queues.clear();
      count = 0;
      bytes = 0;
    },
  };
}
