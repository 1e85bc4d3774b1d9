import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../adapters/system/home.ts';
import { writePrivate } from '../../adapters/system/private-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the program that opens a file for its user; null where nobody would see it. */
export function openerFor(platform: string, env: Env): string | null {
  // The screen is that of another machine.
  if (env['SSH_CONNECTION']) return null;
  if (platform === 'darwin') return 'open';
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? 'xdg-open' : null;
}

/** An address on its way to the browser. */
export interface Opening {
  /** Returns why the browser could not be started, as a sentence; null as far as we know. The program may run as long as the browser. */
  problem(): string | null;
  /** Removes what was written for it. */
  clean(): void;
}

/**
 * Opens an address in the browser by way of a file that only its user can read: other users of the machine see the
 * arguments of every program.
 */
export function openInBrowser(home: Home, opener: string, address: string, env: Env): Opening {
  const file = join(home.path, 'open.html');
  writePrivate(file, redirectTo(address));
  // In a process group of its own: Ctrl-C ends the command, not the browser.
  const child = spawn(opener, [file], { detached: true, stdio: 'ignore', env: { ...env } });
  child.unref();
  let problem: string | null = null;
  child.once('error', () => {
    problem = `\`${opener}\` cannot be started.`;
  });
  child.once('exit', (code) => {
    if (code) problem = `\`${opener}\` ended with ${code}.`;
  });
  return { problem: () => problem, clean: () => rmSync(file, { force: true }) };
}

/** @param address `http://host:port/#code=` and hex digits: nothing to escape */
const redirectTo = (address: string): string =>
  [
    '<!doctype html>',
    '<meta charset="utf-8">',
    '<meta name="referrer" content="no-referrer">',
    `<meta http-equiv="refresh" content="0; url=${address}">`,
    '<title>ocmesh</title>',
    `<a href="${address}">Open the page of ocmesh</a>`,
  ].join('\n');
