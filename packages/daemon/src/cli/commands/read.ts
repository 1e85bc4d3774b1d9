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

/** Shorter prefixes would match too many ids. */
const MIN_PREFIX = 4;

export function addReadCommand(program: Command, { io, daemon, printer, paint }: CommandContext): void {
  const { api } = daemon;
  program
    .command('read')
    .description('Show messages in full and mark them as read. Senders get a read receipt.')
    .argument('[id...]', 'ids or their beginnings, as shown by `ocmesh inbox`')
    .option('--all', 'all unread messages')
    .option('--from <peer>', 'unread messages from this peer')
    .addHelpText('after', example('ocmesh read --from bob'))
    .action(async (ids: string[], { all, from }: ReadFlags) => {
      if ((ids.length > 0 ? 1 : 0) + (all ? 1 : 0) + (from === undefined ? 0 : 1) !== 1) {
        throw new CommandError(
          'invalid_request',
          'Give ids, --all, or --from <peer>: exactly one of them.',
          '`ocmesh inbox` shows the ids.',
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
      // Only what was shown: a message that arrived meanwhile stays unread.
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
    return findByPrefix(api, id, error);
  }
}

/** Searches the newest messages; older ones need their full id. */
async function findByPrefix(api: Handlers, prefix: string, unknown: OcmeshError): Promise<Message> {
  if (prefix.length < MIN_PREFIX) {
    throw new CommandError(
      unknown.code,
      `The beginning of an id needs at least ${MIN_PREFIX} characters.`,
      '`ocmesh inbox --all` shows the ids.',
    );
  }
  const { items } = await api.listMessages({ direction: 'all', limit: limits.http.pageRows });
  const [found, ...others] = items.filter(({ id }) => id.startsWith(prefix));
  if (!found) throw unknown;
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => cleanLine(id, limits.message.idChars));
    throw new CommandError(
      'message_ambiguous',
      `${ids.length} ids start with ${shortId(prefix)}: ${ids.join(', ')}.`,
      'Use more characters of the id.',
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
