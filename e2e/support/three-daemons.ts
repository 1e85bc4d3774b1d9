import type { Message } from '@ocmesh/shared/contract';
import type { ProcessMesh, RunningAgent } from '@ocmesh/testkit';

export const names = ['alice', 'bob', 'carol'] as const;
type Name = (typeof names)[number];

/** A message that got its 200. */
export interface Acknowledged {
  readonly id: string;
  readonly from: Name;
  readonly to: Name;
  readonly content: string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts three daemons that are contacts of each other and can be killed at any time. */
export async function startThreeDaemons(mesh: ProcessMesh, relays: readonly string[]) {
  const agents = new Map<Name, RunningAgent>();
  for (const name of names) agents.set(name, await mesh.startAgent(name, relays));
  const agent = (name: Name): RunningAgent => agents.get(name) as RunningAgent;
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
  for (const [from, to] of pairs) await mesh.befriend(agent(from), agent(to));
  for (const [from, to] of pairs) if (from < to) await mesh.meet(agent(from), agent(to));

  /** Returns all messages of a page-wise list. */
  async function list(name: Name, filter: object): Promise<Message[]> {
    const all: Message[] = [];
    let cursor: string | undefined;
    do {
      const page = { order: 'asc', limit: 500, ...filter, ...(cursor ? { cursor } : {}) } as const;
      const { items, next_cursor } = await agent(name).api.listMessages(page);
      all.push(...items);
      cursor = next_cursor ?? undefined;
    } while (cursor);
    return all;
  }

  /** Marks new messages with an even number as read. */
  async function readEven(name: Name): Promise<void> {
    const { items } = await agent(name).api.listMessages({ unread: true, order: 'desc', limit: 100 });
    const ids = items.filter(({ content }) => /[02468]$/.test(content)).map(({ id }) => id);
    if (ids.length > 0) await agent(name).owner.markRead({ ids });
  }

  return {
    pairs,
    readEven,
    /** Kills a daemon and starts it again after a pause. */
    async restart(name: Name, outage: () => Promise<void>): Promise<void> {
      await agent(name).kill();
      await outage();
      agents.set(name, await mesh.startAgent(name, relays));
    },
    /** Returns what a daemon received from another one, in the order in which REST shows it. */
    received: (name: Name, from: Name) => list(name, { from: agent(from).pubkey }),
    sent: (name: Name) => list(name, { direction: 'out' }),

    /** Writes from each daemon to each other one, and reads half of what arrived, until stopped. All daemons have to be up then. */
    startLoad(everyMs: () => number) {
      const acknowledged: Acknowledged[] = [];
      let isOver = false;

      async function send(from: Name, to: Name, n: number): Promise<void> {
        const content = `${from} to ${to}, number ${n}`;
        // As the owner: the loop guard would pause programs that write this often.
        const { id } = await agent(from).owner.sendMessage({ to: agent(to).pubkey, content });
        acknowledged.push({ id, from, to, content });
      }

      async function write(from: Name, to: Name): Promise<void> {
        let n = 0;
        for (; !isOver; n++) {
          // What is not acknowledged may arrive or not.
          await send(from, to, n).catch(() => undefined);
          await pause(everyMs());
        }
        // A receipt for the last one repeats those that were lost.
        await send(from, to, n + (n % 2));
      }

      async function read(name: Name): Promise<void> {
        while (!isOver) {
          try {
            await readEven(name);
          } catch {
            // The daemon was killed. What it kept shows at the end.
          }
          await pause(2 * everyMs());
        }
      }

      const running = [...pairs.map(([from, to]) => write(from, to)), ...names.map(read)];
      return {
        acknowledged,
        async stop() {
          isOver = true;
          await Promise.all(running);
        },
      };
    },
  };
}
