import { existsSync } from 'node:fs';
import { cleanText } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { wholeNumber } from '../terminal/number-options.ts';
import type { Paint, Printer } from '../terminal/output.ts';
import { openLog } from './log-reader.ts';

interface LogsFlags {
  readonly follow?: boolean;
  readonly lines: number;
}

const DEFAULT_LINES = 50;
/** Interval at which `--follow` reads new lines. */
const POLL_MS = 200;
const LINE = /^\[([^\]]+)\] \[([A-Z]+)\] (.*)$/;

export function addLogsCommand(program: Command, context: CommandContext): void {
  program
    .command('logs')
    .description('Show the end of the daemon’s log. Never contains message text.')
    .option('-f, --follow', 'print new lines as they come, across daily rotation; Ctrl-C stops')
    .option('-n, --lines <number>', 'number of lines', wholeNumber(0), DEFAULT_LINES)
    .addHelpText('after', example('ocmesh logs -f'))
    .action(async ({ follow, lines }: LogsFlags) => {
      const { io, printer, paint } = context;
      const { path, logFile, logArchive } = context.home;
      if (!follow && !existsSync(logFile)) {
        throw new CommandError('no_log', `There is no log in ${path} yet.`, '`ocmesh start` creates one.');
      }
      const out = printer();
      const show = (line: string): void => printLogLine(out, paint, line);
      const log = openLog(logFile, logArchive);
      for (const line of log.last(lines)) show(line);
      if (!follow) return log.close();
      await new Promise<void>((resolve) => {
        let cancel = io.clock.after(0, poll);
        const release = io.onInterrupt(() => {
          cancel();
          release();
          resolve();
        });
        function poll(): void {
          for (const line of log.next()) show(line);
          cancel = io.clock.after(POLL_MS, poll);
        }
      });
      log.close();
    });
}

function printLogLine(out: Printer, paint: Paint, line: string): void {
  const clean = cleanText(line);
  const [, timestamp, level, message] = LINE.exec(clean) ?? [];
  out.item(
    { timestamp: timestamp ?? null, level: level?.toLowerCase() ?? null, message: message ?? clean },
    () => (level === 'ERROR' ? paint('red', clean) : level === 'WARN' ? paint('yellow', clean) : clean),
  );
}
