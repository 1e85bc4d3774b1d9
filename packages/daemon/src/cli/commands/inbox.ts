import { limits, type Message } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { bodyText, missingText, shortId } from '../terminal/message-text.ts';
import { wholeNumber } from '../terminal/number-options.ts';
import { senderLabel, shortKey } from '../terminal/peer-label.ts';
import { resolvePeer } from '../terminal/resolve-peer.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { localTime } from '../terminal/times.ts';

interface InboxFlags {
  readonly all?: boolean;
  readonly from?: string;
  readonly limit: number;
}

const DEFAULT_ROWS = 50;

export function addInboxCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('inbox')
    .description('List unread messages, newest last. They stay unread; `ocmesh read` shows them in full.')
    .option('--all', 'include read messages')
    .option('--from <peer>', 'only messages from this peer')
    .option(
      '-n, --limit <number>',
      'maximum number of messages',
      wholeNumber(1, limits.http.pageRows),
      DEFAULT_ROWS,
    )
    .addHelpText('after', example('ocmesh inbox --from bob'))
    .action(async ({ all, from, limit }: InboxFlags) => {
      const sender = from === undefined ? {} : { from: await resolvePeer({ io, api: daemon.api }, from) };
      // The oldest unread messages, as they are read in order; with --all the newest.
      const page = await daemon.api.listMessages({ ...sender, limit, ...(all ? {} : { unread: true }) });
      const messages = all ? page.items.reverse() : page.items;
      const out = printer();
      out.result(messages, () =>
        messages.length > 0 ? renderTable(io, columns(io.clock.now()), messages) : emptyText(all ?? false),
      );
      for (const message of messages) {
        const missing = missingText(message);
        if (missing !== null) out.note(`Before ${shortId(message.id)}: ${missing}`);
      }
      if (page.next_cursor !== null)
        out.note(`There are ${all ? 'older' : 'newer'} messages: -n <number> shows more.`);
    });
}

const emptyText = (all: boolean): string =>
  all ? 'No messages yet.' : 'Nothing unread. `ocmesh inbox --all` includes read messages.';

/** More than fits on a line of any terminal. */
const LINE_CHARS = 1000;

const columns = (nowMs: number): Column<Message>[] => [
  { title: 'ID', value: ({ id }) => shortId(id), style: () => 'dim' },
  { title: 'TIME', value: ({ timestamp }) => localTime(timestamp, nowMs) },
  { title: 'FROM', value: senderLabel, style: ({ read }) => (read ? null : 'bold'), shrinks: true },
  { title: 'KEY', value: ({ from }) => shortKey(from) },
  {
    title: 'TRUST',
    value: ({ trust }) => trust,
    style: ({ trust }) => (trust === 'contact' ? 'cyan' : null),
  },
  { title: 'MESSAGE', value: (message) => cleanLine(bodyText(message), LINE_CHARS), shrinks: true },
];
