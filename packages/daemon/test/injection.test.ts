import type { StreamEvent } from '@ocmesh/shared/contract';
import { cleanLine, cleanText } from '@ocmesh/shared/text';
import { injectionCorpus, invisibleCharacters } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { formatLine } from '../src/adapters/log/line-format.ts';
import { openApi } from './support/http-api.ts';

const corpus = injectionCorpus();
/** Includes the control characters that are allowed in a text of several lines. */
const control = /\p{Cc}/u;

/** Returns the cases that break one of the rules. */
const wrong = (shown: (text: string) => string, ...rules: ((text: string) => boolean)[]): string[] =>
  corpus
    .filter(({ text }) => rules.some((rule) => rule(shown(text))))
    .map(({ kind, text }) => `${kind}: ${text}`);

test('hostile text puts no second line, control or bidi character into the log', () => {
  const line = (text: string) => formatLine(0, 'warn', text, { name: text, reason: text });
  const ends = wrong(
    line,
    (text) => !text.endsWith('\n') || !text.startsWith('[1970-01-01T00:00:00.000Z] [WARN] '),
  );
  expect(ends).toEqual([]);
  const content = (text: string) => line(text).slice(0, -1);
  expect(
    wrong(
      content,
      (text) => control.test(text),
      (text) => invisibleCharacters.test(text),
    ),
  ).toEqual([]);
});

test('hostile text neither moves the cursor of a terminal nor reorders its text', () => {
  const cell = (text: string) => cleanLine(text, 64);
  expect(
    wrong(
      cell,
      (text) => control.test(text),
      (text) => invisibleCharacters.test(text),
    ),
  ).toEqual([]);
  expect(wrong(cell, (text) => Array.from(text).length > 64)).toEqual([]);
  expect(
    wrong(
      cleanText,
      (text) => control.test(text.replace(/[\t\n]/g, '')),
      (text) => invisibleCharacters.test(text),
    ),
  ).toEqual([]);
});

test('the event stream has one entry per event, whatever text is in it', async () => {
  const events = corpus.map(({ text }, number): StreamEvent => {
    const reason = { code: 'no_relay' as const, message: text, since: text, next_step: text };
    return { id: `ab:${number}`, event: 'status.changed', data: { degraded: true, reasons: [reason] } };
  });
  const api = await openApi({
    followEvents: async function* () {
      yield* events;
    },
  });
  const stream = await api.follow('/events');
  await stream.ended;
  const told = stream.text().split('\n\n').slice(1, -1);
  expect(told).toHaveLength(events.length);
  expect(told.map((one) => one.split('\n').length)).toEqual(events.map(() => 3));
  const data = told.map((one) => JSON.parse(one.slice(one.indexOf('data: ') + 6)));
  expect(data).toEqual(events.map((event) => event.data));
});
