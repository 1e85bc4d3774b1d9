import type { Interface } from 'node:readline';
import type { DeliveryState } from '@ocmesh/shared/contract';
import type { Output } from '../terminal/io.ts';
import type { Paint, Style } from '../terminal/output.ts';
import { widthOf } from '../terminal/table.ts';
import { type ChatView, chatText } from './chat-view.ts';

/** Shown in two columns before each line of ours. */
const marks: Readonly<Record<DeliveryState | 'sending', readonly [mark: string, style: Style]>> = {
  sending: ['  ', 'dim'],
  queued: ['· ', 'dim'],
  published: ['↑ ', 'dim'],
  delivered: ['✓ ', 'green'],
  read: ['✓✓', 'green'],
  failed: ['✗ ', 'red'],
  expired: ['✗ ', 'red'],
  received: ['  ', 'dim'],
};

export const marksLegend = '· queued  ↑ on a relay  ✓ delivered  ✓✓ read  ✗ failed';
export const chatPrompt = '   you> ';

/** Size of a terminal that does not report one. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
const CLEAR_DOWN = '\u001b[0J';
const SAVE = '\u001b7';
const RESTORE = '\u001b8';
const up = (rows: number): string => (rows > 0 ? `\u001b[${rows}A` : '');

export interface TerminalView extends ChatView {
  /** Shows the prompt, once earlier messages are shown. */
  begin(): void;
  /** Notes that a typed line was entered; it stays where it was typed. */
  lineEnded(text: string): void;
}

/** Shows the conversation above the line that is being typed. */
export function createTerminalView(
  terminal: Interface,
  stdout: Output,
  { label, now, paint }: { readonly label: string; readonly now: () => number; readonly paint: Paint },
): TerminalView {
  /** Rows written so far, to find a line again; void once the terminal's width changes. */
  let written = 0;
  const rowOf = new Map<string, number>();
  let lastTypedRow = 0;
  let prompting = false;
  stdout.on('resize', () => rowOf.clear());

  const columns = (): number => stdout.columns ?? DEFAULT_COLUMNS;
  const rowsOf = (text: string): number =>
    text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns())), 0);

  /** Writes above the line that is being typed, which stays as it is. @returns the row */
  function insert(text: string): number {
    const row = written;
    written += rowsOf(text);
    if (!prompting) {
      stdout.write(`${text}\n`);
      return row;
    }
    const { rows } = terminal.getCursorPos();
    // Before rewriting the prompt, readline moves up to where it believes it to be, not counting pasted text.
    const { prevRows = rows } = terminal as { prevRows?: number };
    stdout.write(`${up(rows)}\r${CLEAR_DOWN}${text}\n${'\n'.repeat(prevRows)}`);
    terminal.prompt(true);
    return row;
  }

  /** Overwrites the mark of a line. @returns whether the line is still on the screen */
  function mark(row: number | undefined, state: DeliveryState | 'sending'): boolean {
    if (row === undefined) return false;
    const above = written - row + (prompting ? terminal.getCursorPos().rows : 0);
    if (above >= (stdout.rows ?? DEFAULT_ROWS)) return false;
    const [text, style] = marks[state];
    stdout.write(`${SAVE}${up(above)}\r${paint(style, text)}${RESTORE}`);
    return true;
  }

  const notice = (text: string): void => void insert(paint('dim', `   ${text}`));

  return {
    begin() {
      prompting = true;
      terminal.prompt();
    },
    lineEnded(text) {
      if (text.trim() === '') {
        stdout.write(`${up(1)}\r${CLEAR_DOWN}`);
        terminal.prompt();
        return;
      }
      lastTypedRow = written;
      // Counted like readline, which adds an empty row below a full one.
      written += Math.floor(widthOf(chatPrompt + text) / columns()) + 1;
      terminal.prompt();
    },
    message(message) {
      const text = chatText(label, message, now());
      if (message.direction === 'in') {
        insert(paint('cyan', text.slice(0, 1)) + text.slice(1));
        return;
      }
      rowOf.set(message.id, insert(`  ${text.slice(1)}`));
      mark(rowOf.get(message.id), message.delivery.state);
    },
    typed(text) {
      const row = lastTypedRow;
      return {
        accepted({ id, state }) {
          rowOf.set(id, row);
          mark(row, state);
        },
        refused({ body }) {
          mark(row, 'failed');
          insert(
            paint(
              'red',
              `   not sent: ${text.slice(0, 40)}\n   ${body.message} ${body.hint ?? ''}`.trimEnd(),
            ),
          );
        },
      };
    },
    state(id, state) {
      // If the line has scrolled away, only a failure is worth a new one.
      if (!mark(rowOf.get(id), state) && (state === 'failed' || state === 'expired'))
        notice(`a message ${state}`);
    },
    notice,
  };
}
