import { type Handlers, limits, type Message, OcmeshError } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { messageText, shortId } from '../terminal/message-text.ts';
import { resolvePeer } from '../terminal/resolve-peer.ts';

interface ReadFlags {
  readonly all?: boolean;
  readonly from?: string;
}

/** Fewer characters would fit too many ids. */
const LEAST_PREFIX = 4;

export function addReadCommand(program: Command, { io, daemon, printer, paint }: CommandContext): void {
  const { api } = daemon;
  program
    .command('read')
    .description('Show messages whole and mark them as read. Their senders are told so.')
    .argument('[id...]', 'ids, or their beginnings, as `ocmesh inbox` shows them')
    .option('--all', 'everything that is unread')
    .option('--from <peer>', 'what is unread of one peer')
    .addHelpText('after', example('ocmesh read --from bob'))
    .action(async (ids: string[], { all, from }: ReadFlags) => {
      if ((ids.length > 0 ? 1 : 0) + (all ? 1 : 0) + (from === undefined ? 0 : 1) !== 1) {
        throw new CommandError(
          'invalid_request',
          'Name what to read.',
          'Give one of: ids, --all, --from <peer>.',
        );
      }
      const messages =
        ids.length > 0
          ? await findAll(api, ids)
          : await unread(api, from === undefined ? {} : { from: await resolvePeer({ io, api }, from) });
      const now = io.clock.now();
      printer().result(
        messages.map((message) => (message.direction === 'in' ? { ...message, read: true } : message)),
        () => messages.map((message) => messageText(message, now, paint)).join('\n\n') || 'Nothing unread.',
      );
      // Only what was shown: a message that came meanwhile stays unread.
      await markRead(api, messages);
    });
}

async function unread(api: Handlers, filter: { from?: string }): Promise<Message[]> {
  const messages: Message[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await api.listMessages({ ...filter, unread: true, ...(cursor ? { cursor } : {}) });
    messages.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return messages;
}

async function findAll(api: Handlers, ids: readonly string[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const id of ids) messages.push(await find(api, id));
  return messages;
}

async function find(api: Handlers, id: string): Promise<Message> {
  try {
    return await api.getMessage({ id });
  } catch (error) {
    if (!(error instanceof OcmeshError && error.code === 'message_unknown')) throw error;
    return byPrefix(api, id, error);
  }
}

/** Among the newest: older ones are asked for by their whole id. */
async function byPrefix(api: Handlers, start: string, unknown: OcmeshError): Promise<Message> {
  if (start.length < LEAST_PREFIX) {
    throw new CommandError(
      unknown.code,
      `The beginning of an id takes at least ${LEAST_PREFIX} characters.`,
      '`ocmesh inbox --all` shows the ids.',
    );
  }
  const { items } = await api.listMessages({ direction: 'all', limit: limits.http.pageRows });
  const [found, ...others] = items.filter(({ id }) => id.startsWith(start));
  if (!found) throw unknown;
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => cleanLine(id, limits.message.idChars));
    throw new CommandError(
      'message_ambiguous',
      `${shortId(start)} begins ${ids.length} ids: ${ids.join(', ')}.`,
      'Give more of it.',
      { candidates: ids },
    );
  }
  return found;
}

export async function markRead(api: Pick<Handlers, 'markRead'>, messages: readonly Message[]): Promise<void> {
  const ids = messages.filter(({ direction, read }) => direction === 'in' && !read).map(({ id }) => id);
  for (let i = 0; i < ids.length; i += limits.http.pageRows) {
    await api.markRead({ ids: ids.slice(i, i + limits.http.pageRows) });
  }
}
