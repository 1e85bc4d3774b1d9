import { pollUntil } from '@ocmesh/shared/ambient';
import { nextSteps } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { openerFor, openInBrowser } from './browser.ts';

/** How often to look whether the browser has signed in. */
const POLL_MS = 250;

export function addOpenCommand(program: Command, context: CommandContext): void {
  program
    .command('open')
    .description('Open the page of your agent in the browser, signed in.')
    .option('--print', 'print the address instead; it works once, for a minute')
    .addHelpText('after', example('ocmesh open'))
    .action((flags: { readonly print?: boolean }) => open(context, flags));
}

async function open(context: CommandContext, { print = false }: { readonly print?: boolean }): Promise<void> {
  const { io, daemon, printer } = context;
  const { code, expires_in_seconds: seconds } = await daemon.api.createPageCode({});
  const url = await daemon.url();
  const address = `${url}/#code=${code}`;
  const show = (why: string): void =>
    printer().result({ url: address, expires_in_seconds: seconds, opened: false }, () =>
      [
        ...(why === '' ? [] : [why]),
        address,
        `It works once, within ${seconds} s. Keep it to yourself: it signs a browser in as you.`,
      ].join('\n'),
    );
  if (print) return show('');
  const opener = openerFor(process.platform, io.env);
  if (opener === null) {
    const { port } = new URL(url);
    return show(
      `There is no browser here. On this machine, or on one that connects with \`ssh -L ${port}:127.0.0.1:${port}\`, open:`,
    );
  }
  if (!(await daemon.hasPage()))
    throw new CommandError(
      'refused',
      'This build of ocmesh has no page.',
      nextSteps.problems.no_page.command,
    );
  const outcome = await openAndWait(context, { opener, address, seconds });
  if (outcome === 'interrupted') return;
  if (outcome === 'signed in') return printer().result({ url, opened: true }, () => `Signed in at ${url}/.`);
  if (outcome !== 'nothing') return show(`${outcome} Open this address yourself:`);
  throw new CommandError(
    'refused',
    `No browser signed in within ${seconds} s.`,
    'The browser may not be allowed to read your home. `ocmesh open --print` prints an address to open by hand.',
  );
}

/** @returns what came of it: a sentence if the browser could not be started */
async function openAndWait(
  { io, home, daemon, printer }: CommandContext,
  {
    opener,
    address,
    seconds,
  }: { readonly opener: string; readonly address: string; readonly seconds: number },
): Promise<string> {
  const countOpened = async (): Promise<number> => (await daemon.api.getPageSession({})).opened ?? 0;
  const before = await countOpened();
  const opening = openInBrowser(home, opener, address, io.env);
  let isInterrupted = false;
  const release = io.onInterrupt(() => {
    isInterrupted = true;
  });
  try {
    printer().note('Opening the browser. If nothing happens: `ocmesh open --print`.');
    const found = await pollUntil(io.clock, { everyMs: POLL_MS, forMs: seconds * 1000 }, async () => {
      if (isInterrupted) return 'interrupted';
      return opening.problem() ?? ((await countOpened()) > before ? 'signed in' : null);
    });
    return found ?? 'nothing';
  } finally {
    release();
    opening.clean();
  }
}
