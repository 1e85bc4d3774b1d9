import type { Message } from '@ocmesh/shared/contract';
import type { RunningAgent } from '@ocmesh/testkit';

/** Returns all messages that ever arrived. */
export async function inbox({ api }: RunningAgent): Promise<Message[]> {
  const all: Message[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.listMessages({ order: 'asc', limit: 500, ...(cursor ? { cursor } : {}) });
    all.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return all;
}
