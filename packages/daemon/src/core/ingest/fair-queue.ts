/** Named queues that take turns: a full queue does not delay the others. */
export interface FairQueue<Item> {
  push(queue: string, item: Item, bytes: number): void;
  /** Takes the first item of the queue whose turn it is. */
  shift(): Item | undefined;
  /** Returns the name of the queue that holds the most bytes; undefined if all are empty. */
  longest(): string | undefined;
  /** Takes the last item of this queue. */
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
  /** In the order of their turns, without empty ones. */
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
      // Its next turn comes after those of all other queues.
      if (queues.size > 1 && queues.delete(name)) queues.set(name, queue);
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
