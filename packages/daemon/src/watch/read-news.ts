import { type Handlers, type Message, OcmeshError, type Request } from '@ocmesh/shared/contract';
import { watchLimits } from './limits.ts';
import type { Announced } from './watch-state.ts';

/** Which senders are announced: contacts and peers that our agent wrote to, or everybody. */
export type Senders = 'contacts' | 'all';

/** What arrived since the last announcement and still waits. */
export interface News {
  readonly messages: readonly NewMessage[];
  readonly requests: readonly Request[];
  /** Public keys of peers. */
  readonly paused: readonly string[];
  /** Id of the test message that the owner sent to ourselves for this watcher. */
  readonly test: string | null;
}

/** An unread message, with the owner's name for its sender. */
export interface NewMessage {
  readonly message: Message;
  readonly alias: string | null;
}

type Api = Pick<Handlers, 'waitForMessages' | 'listMessages' | 'getPeer' | 'listRequests' | 'getStatus'>;

/** Reads what is new, and what will have been announced once that is. Messages that were read meanwhile are not news. */
export async function readNews(
  api: Api,
  announced: Announced,
  { senders, name }: { readonly senders: Senders /** Of the watcher. */; readonly name: string },
): Promise<{ news: News; next: Announced }> {
  const { messages, cursor } = await readArrivals(api, announced.cursor);
  const wanted = await keepWanted(api, messages, senders);
  const requests = await api.listRequests({});
  const { paused_peers: paused, wake_test: test } = await api.getStatus({});
  return {
    news: {
      messages: wanted,
      requests: requests.filter((request) => !announced.requests.includes(keyOf(request))),
      paused: paused.filter((pubkey) => !announced.paused.includes(pubkey)),
      test: test?.watcher === name && test.id !== announced.test ? test.id : null,
    },
    next: {
      cursor,
      requests: requests.map(keyOf).slice(0, watchLimits.remembered),
      paused: paused.slice(0, watchLimits.remembered),
      test: test?.watcher === name ? test.id : announced.test,
      times: announced.times,
    },
  };
}

const keyOf = ({ direction, peer }: Request): string => `${direction}:${peer.pubkey}`;

/** Returns the unread messages that arrived after the cursor; without one, all unread messages. */
async function readArrivals(
  api: Pick<Api, 'waitForMessages'>,
  from: string | null,
): Promise<{ messages: Message[]; cursor: string }> {
  const messages: Message[] = [];
  let after = from;
  for (;;) {
    const page = await api
      .waitForMessages({ timeout_s: 0, ...(after === null ? {} : { after }) })
      .catch((error) => {
        if (error instanceof OcmeshError && error.code === 'cursor_unknown') return null;
        throw error;
      });
    if (!page) {
      // An older state of the home came back. What is unread there may have been announced, but nothing is missed.
      messages.length = 0;
      after = null;
      continue;
    }
    if (page.messages.length === 0) return { messages, cursor: page.cursor };
    messages.push(...page.messages.filter(({ read }) => !read));
    after = page.cursor;
  }
}

/** Leaves out senders that the owner does not want to hear of, and adds the owner's name for each. */
async function keepWanted(
  api: Pick<Api, 'listMessages' | 'getPeer'>,
  messages: readonly Message[],
  senders: Senders,
): Promise<NewMessage[]> {
  const aliases = new Map<string, string | null>();
  const isWanted = new Map<string, boolean>();
  for (const { from, trust } of messages) {
    if (isWanted.has(from)) continue;
    const wanted = senders === 'all' || trust === 'contact' || (await wroteTo(api, from));
    isWanted.set(from, wanted);
    if (wanted) aliases.set(from, (await api.getPeer({ pubkey: from })).alias);
  }
  return messages
    .filter(({ from }) => isWanted.get(from))
    .map((message) => ({ message, alias: aliases.get(message.from) ?? null }));
}

const wroteTo = async (api: Pick<Api, 'listMessages'>, peer: string): Promise<boolean> =>
  (await api.listMessages({ with: peer, direction: 'out', limit: 1 })).items.length > 0;
