// A program that sends or receives private messages, for bench/peers.mjs. Each library's file says how.
import { createInterface } from 'node:readline';

/** One clock for all processes of this machine, in milliseconds. */
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const report = (/** @type {object} */ what) => process.stdout.write(`${JSON.stringify(what)}\n`);

/**
 * Arguments: role, relay, own secret key, the other's public key. The sender reads numbers, one a line, and sends a message for each
 * at once: how many are under way is decided by bench/peers.mjs.
 * @typedef {{ relay: string, secret: string, other: string }} Setting
 * @param {(setting: Setting) => Promise<{
 *   send?: (text: string) => Promise<unknown>, receive?: (onText: (text: string) => void) => Promise<unknown>
 * }>} open
 */
export async function runBot(open) {
  const [role = '', relay = '', secret = '', other = ''] = process.argv.slice(2);
  const bot = await open({ relay, secret, other });
  if (role === 'receiver') {
    await bot.receive?.((text) => {
      const number = /^message (\d+) /.exec(text)?.[1];
      if (number !== undefined) report({ got: Number(number), atMs: nowMs() });
    });
  }
  const send = async (/** @type {number} */ number) => {
    report({ sent: number, atMs: nowMs() });
    await bot.send?.(`message ${number} ${'x'.repeat(100)}`).catch((error) => {
      report({ refused: number, reason: String(error).slice(0, 100) });
    });
    report({ taken: number });
  };
  report({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) void send(Number(line));
  process.exit(0);
}
