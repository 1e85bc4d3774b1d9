import type { DeliveryState, Message, Output } from '@ocmesh/shared/contract';
import type { Failure } from '../terminal/failure.ts';
import { bodyText, missingText } from '../terminal/message-text.ts';
import type { Paint, Printer } from '../terminal/output.ts';
import { localTime } from '../terminal/times.ts';

type Sent = Output<'sendMessage'>;

/** A line that was typed here. */
interface TypedLine {
  accepted(sent: Sent): void;
  refused(failure: Failure): void;
}

/** Shows a conversation. */
export interface ChatView {
  /** Shows a message of the daemon: an earlier one, one from the peer, or one that our agent sent meanwhile. */
  message(message: Message): void;
  typed(text: string): TypedLine;
  /** Shows the new delivery state of a message of ours. */
  state(id: string, state: DeliveryState): void;
  notice(text: string): void;
}

/** The first line starts with its author, further ones with a bar: a peer cannot fake one of our lines. */
export const chatText = (label: string, message: Message, nowMs: number): string => {
  const [first = '', ...more] = bodyText(message).replaceAll('\t', '    ').split('\n');
  const from = message.direction === 'in' ? `< ${localTime(message.timestamp, nowMs)} ${label}` : '> you';
  const missing = missingText(message);
  return [
    ...(missing === null ? [] : [`  ${missing}`]),
    `${from}: ${first}`,
    ...more.map((line) => `  │ ${line}`),
  ].join('\n');
};

/** Prints one line per event, named as in the daemon's event stream; `message.sent` is an outgoing message. */
export function createJsonView(printer: Printer, to: string): ChatView {
  const print = (event: string, data: unknown): void => printer.item({ event, data }, () => '');
  return {
    message: (message) => print(message.direction === 'in' ? 'message.received' : 'message.sent', message),
    typed: () => ({
      accepted: (sent) => print('message.sent', sent),
      refused: ({ body }) => print('error', body),
    }),
    state: (id, state) => print('message.state', { id, to, state }),
    notice: () => {},
  };
}

/** Characters of a message that identify it in a later line about its state. */
const EXCERPT_CHARS = 40;

/** For a pipe or a file: text is only appended. */
export function createPlainView(
  write: (text: string) => void,
  { label, now, paint }: { readonly label: string; readonly now: () => number; readonly paint: Paint },
): ChatView {
  const texts = new Map<string, string>();
  const remember = (id: string, text: string): void => {
    texts.set(
      id,
      Array.from(text.split('\n')[0] ?? '')
        .slice(0, EXCERPT_CHARS)
        .join(''),
    );
  };
  return {
    message(message) {
      const own = message.direction === 'out';
      if (own) remember(message.id, bodyText(message));
      write(chatText(label, message, now()) + (own ? ` (${message.delivery.state})` : ''));
    },
    typed: (text) => ({
      accepted({ id, state }) {
        remember(id, text);
        write(`> you: ${text} (${state})`);
      },
      refused: ({ body }) =>
        write(paint('red', `! not sent: ${text}\n  ${body.message} ${body.hint ?? ''}`.trimEnd())),
    }),
    state: (id, state) => write(paint('dim', `  ${state}: ${texts.get(id) ?? id}`)),
    notice: (text) => write(paint('dim', `  ${text}`)),
  };
}
