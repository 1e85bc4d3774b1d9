import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@ocmesh/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { openerFor } from './browser.ts';

/** A command line with a screen, whose browser is this script. It may use `seen`, the path of a file for the test. */
async function openDesktop(script: string, hasPage = true) {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-browser-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const seen = join(folder, 'seen.html');
  const program = join(folder, process.platform === 'darwin' ? 'open' : 'xdg-open');
  writeFileSync(program, `#!/bin/sh\nseen='${seen}'\n${script}\n`);
  chmodSync(program, 0o755);
  const body = Buffer.from('<!doctype html>');
  const page = [{ name: 'index.html', body, brotli: body }];
  const line = await openCommandLineAt({}, hasPage ? page : []);
  const env = { DISPLAY: ':0', PATH: `${folder}:${process.env['PATH']}` };
  /** Signs in as the page does. */
  const signIn = (code: string) =>
    line.api.post('/page/session', JSON.stringify({ code }), {
      Origin: `http://${line.api.own}`,
      'Sec-Fetch-Site': 'same-origin',
    });
  return { ...line, env, seen, signIn, file: join(line.home, 'open.html') };
}

const codeIn = (text: string): string => /\/#code=([0-9a-f]{32})\b/.exec(text)?.[1] ?? '';

test('opens a file that only its user can read, waits for the browser, and removes it', async () => {
  const { api, clock, start, env, seen, signIn, file } = await openDesktop(
    'echo "$@" > "$seen.args"; cp "$1" "$seen.part"; mv "$seen.part" "$seen"',
  );
  const command = start(['open'], { env });
  await until(() => existsSync(seen));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const html = readFileSync(seen, 'utf8');
  expect(html).toContain(`content="0; url=http://${api.own}/#code=${codeIn(html)}"`);
  // Other users of the machine see the arguments of the program.
  expect(readFileSync(`${seen}.args`, 'utf8')).toBe(`${file}\n`);
  expect((await signIn(codeIn(html))).status).toBe(200);
  await clock.advance(250);
  const ended = command.exited;
  await until(() => existsSync(file) === false);
  const { out, code } = await ended;
  expect([out, code]).toEqual([`Signed in at http://${api.own}/.\n`, 0]);
});

test('says so when no browser signs in within a minute', async () => {
  const { clock, start, env, seen, file } = await openDesktop('touch "$seen"');
  const command = start(['open'], { env });
  await until(() => existsSync(seen));
  const ended = command.exited;
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  await until(async () => {
    await clock.advance(5_000);
    return isOver;
  });
  const { err, code } = await ended;
  expect(err).toContain('No browser signed in within 60 s.');
  expect([code, existsSync(file)]).toEqual([78, false]);
});

test.each([
  ['ends with an error', 'exit 3', 'ended with 3. Open this address yourself:'],
  ['is missing', null, 'cannot be started. Open this address yourself:'],
])('prints the address when the program that opens it %s', async (_, script, expected) => {
  const { clock, start, env, signIn, file } = await openDesktop(script ?? '');
  const command = start(['open'], { env: script === null ? { ...env, PATH: '/nowhere' } : env });
  let isOver = false;
  void command.exited.then(() => {
    isOver = true;
  });
  await until(async () => {
    await clock.advance(250);
    return isOver;
  });
  const { out, code } = await command.exited;
  expect(out).toContain(expected);
  expect([code, existsSync(file)]).toEqual([0, false]);
  expect((await signIn(codeIn(out))).status).toBe(200);
});

test('Ctrl-C ends the wait, and removes the file', async () => {
  const { clock, start, env, seen, file } = await openDesktop('touch "$seen"');
  const command = start(['open'], { env });
  await until(() => existsSync(seen));
  await until(() => command.err().includes('Opening the browser'));
  command.interrupt();
  let isOver = false;
  void command.exited.then(() => {
    isOver = true;
  });
  await until(async () => {
    await clock.advance(250);
    return isOver;
  });
  expect(existsSync(file)).toBe(false);
});

test('opens no browser if there is no page', async () => {
  const { run, env, seen } = await openDesktop('touch "$seen"', false);
  const { err, code } = await run(['open'], { env });
  expect([code, existsSync(seen)]).toEqual([78, false]);
  expect(err).toContain('This build of ocmesh has no page.');
});

test('prints an address that works once, with --print or without a screen', async () => {
  const { api, run, signIn, file } = await openDesktop('exit 0');
  for (const args of [['open', '--print'], ['open'], ['open', '--json']]) {
    const { out, code } = await run(args);
    expect([code, out.includes(`http://${api.own}/#code=`), existsSync(file)]).toEqual([0, true, false]);
    expect((await signIn(codeIn(out))).status).toBe(200);
    expect((await signIn(codeIn(out))).status).toBe(403);
  }
  expect((await run(['open'])).out).toContain(`ssh -L ${api.port}:127.0.0.1:${api.port}`);
});

describe('the program that opens it', () => {
  test.each([
    ['linux', { DISPLAY: ':0' }, 'xdg-open'],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'xdg-open'],
    ['linux', {}, null],
    ['linux', { DISPLAY: ':10', SSH_CONNECTION: 'x' }, null],
    ['darwin', {}, 'open'],
    ['darwin', { SSH_CONNECTION: 'x' }, null],
  ])('on %s with %j is %s', (platform, env, expected) => {
    expect(openerFor(platform, env as Record<string, string>)).toBe(expected);
  });
});
