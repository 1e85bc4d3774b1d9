import { actor, createFakeClock, createRecordingLog, until } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createSignatureThread } from '../packages/daemon/dist/adapters/crypto/signature-thread.js';
import { createWasmEngine } from '../packages/daemon/dist/adapters/crypto/wasm-engine.js';

const engine = createWasmEngine();
const signed = (content: string) =>
  engine.sign({ kind: 1, created_at: 1, tags: [['t', 'x']], content }, actor('alice').secretKey);
const good = signed('é');

async function open() {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const thread = createSignatureThread({ clock, log });
  onTestFinished(thread.stop);
  expect(thread.isReady()).toBe(false);
  await until(async () => thread.isReady());
  return { clock, log, thread };
}

test('gives the same results as the engine, batch after batch', async () => {
  const { thread } = await open();
  const batches = [
    [good, { ...good, content: 'e' }, good],
    [
      { ...good, sig: 'f'.repeat(128) },
      { ...good, pubkey: actor('bob').pubkey },
    ],
    [signed('x')],
  ];
  expect(await Promise.all(batches.map(thread.check))).toEqual([[true, false, true], [false, false], [true]]);
});

test('ends when idle, and starts again on demand', async () => {
  const { clock, log, thread } = await open();
  await clock.advance(30_000);
  await expect(thread.check([good])).rejects.toThrow('there is no thread');
  await until(async () => thread.isReady());
  expect(await thread.check([good])).toEqual([true]);
  expect(log.lines).toEqual([]);
});

test('rejects pending checks when it is stopped or does not respond', async () => {
  const { clock, log, thread } = await open();
  const stopped = thread.check([good]);
  thread.stop();
  await expect(stopped).rejects.toThrow('it was stopped');
  await until(async () => thread.isReady());
  const many = Array.from({ length: 5_000 }, () => good);
  const late = expect(thread.check(many)).rejects.toThrow('it does not respond');
  await clock.advance(10_000);
  await late;
  expect(log.lines).toMatchObject([{ level: 'warn' }]);
  expect(thread.isReady()).toBe(false);
});
