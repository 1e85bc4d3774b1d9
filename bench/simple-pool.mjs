// Runs `SimplePool` of nostr-tools on the hostile relays of the testkit, for comparison: first together with an honest
// relay, where everything can arrive, then alone, if the hostile relay carries messages at all.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createProcessMesh, hostileRelays, startHostileRelay } from '@ocmesh/testkit';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const client = fileURLToPath(new URL('./simple-pool-client.mjs', import.meta.url));
const TIMEOUT_MS = 45_000;
/** A client with the usual limits needs less for 20 messages. */
const MOST_MB = 200;
/** @type {readonly import('@ocmesh/testkit').HostileRelayName[]} */
const carrying = [
  'forged-id-first',
  'future-dated',
  'lying-ok',
  'strfry-closed',
  'loses-first-req',
  'duplicates-and-reorders',
  'huge-frame',
  'zip-bomb',
  'wrong-filter',
  'never-eose',
  'flapper',
  'endless-pages',
  'reopened-challenge',
];

/**
 * @param {readonly string[]} urls
 * @returns {Promise<{ result: any, died: string | null }>}
 */
function talk(urls) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [client, ...urls], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let isLate = false;
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      errors = (errors + data).slice(-20_000);
    });
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, TIMEOUT_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      const lines = output.trim().split('\n').filter(Boolean);
      const why = /^(?:\[?\w*Error.*|.*rejection.*reason.*)$/m.exec(errors)?.[0] ?? `exit code ${code}`;
      const died = isLate
        ? `hangs for ${TIMEOUT_MS / 1000} s`
        : code === 0
          ? null
          : `dies: ${why.slice(0, 90)}`;
      resolve({ result: JSON.parse(lines.at(-1) ?? '{}'), died });
    });
  });
}

/** Describes what went wrong; empty if nothing did. @param {Awaited<ReturnType<typeof talk>>} outcome */
function failures({ result, died }) {
  const { sent = 0, received = 0, twice = 0, strange = 0, eose, unsettled = 0, peakMb = 0 } = result;
  return [
    died,
    received < sent && `${sent - received} of ${sent} lost`,
    twice > 0 && `${twice} twice`,
    strange > 0 && `delivers ${strange} of strangers`,
    eose === false && 'no EOSE',
    unsettled > 0 && `${unsettled} publishes never settle`,
    peakMb > MOST_MB && `${peakMb.toFixed(0)} MB`,
  ].filter(Boolean);
}

export async function run() {
  const mesh = createProcessMesh(program);
  const honest = await mesh.startRelay(['--open-dms']);
  console.log(
    `  ${'an honest relay alone'.padEnd(46)} ${failures(await talk([honest.url])).join('; ') || 'ok'}`,
  );
  const names = /** @type {import('@ocmesh/testkit').HostileRelayName[]} */ (Object.keys(hostileRelays));
  let failed = 0;
  let cases = 0;
  for (const name of names) {
    for (const others of [[honest.url], ...(carrying.includes(name) ? [[]] : [])]) {
      const relay = await startHostileRelay(name);
      const found = failures(await talk([relay.url, ...others]));
      await relay.close();
      cases++;
      if (found.length > 0) failed++;
      const what = others.length > 0 ? `${name}, with an honest one` : `${name}, alone`;
      console.log(`${found.length > 0 ? '✘ ' : '  '}${what.padEnd(46)} ${found.join('; ') || 'ok'}`);
    }
  }
  console.log(`  SimplePool fails ${failed} of ${cases}`);
  await mesh.close();
}
