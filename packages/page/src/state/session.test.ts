import { expect, test } from 'vitest';
import type { PageFetch } from './page-api.ts';
import { codeIn, createSession, type KeyStore } from './session.ts';

/** A daemon that knows one code, and the browser's storage. */
function open(stored: Record<string, string> = {}) {
  const values = new Map(Object.entries(stored));
  const store: KeyStore = {
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
  };
  const sent: { method: string; headers: Record<string, string>; body?: string }[] = [];
  const daemon = { isRunning: true, codes: new Set(['good']), key: null as string | null };
  const fetch: PageFetch = async (_, init) => {
    sent.push(init);
    if (!daemon.isRunning) throw new TypeError('Failed to fetch');
    const respond = (status: number, body: object) => new Response(JSON.stringify(body), { status });
    if (init.method === 'POST') {
      const { code } = JSON.parse(init.body ?? '{}');
      if (!daemon.codes.delete(code)) return respond(403, { error: 'page_code_wrong' });
      daemon.key = 'k1';
      return respond(200, { key: 'k1' });
    }
    if (init.method === 'DELETE') daemon.key = null;
    return respond(200, { signed_in: daemon.key !== null && init.headers['ocmesh-page'] === daemon.key });
  };
  return { session: createSession(fetch, store), daemon, sent, values };
}

test('a code signs the tab in, once', async () => {
  const { session, values } = open();
  await session.start('good');
  expect([session.state.value, session.key()]).toEqual(['signed_in', 'k1']);
  values.clear();
  await session.start('good');
  expect([session.state.value, session.codeRefused.value, session.key()]).toEqual(['signed_out', true, null]);
});

test('a tab that is signed in stays so when it is loaded again', async () => {
  const { session, daemon } = open({ 'ocmesh-page-key': 'k1' });
  daemon.key = 'k1';
  await session.start(null);
  expect(session.state.value).toBe('signed_in');
});

test('a key from before a restart of the daemon is forgotten', async () => {
  const { session, values } = open({ 'ocmesh-page-key': 'old' });
  await session.start(null);
  expect([session.state.value, values.size]).toEqual(['signed_out', 0]);
});

test('a wrong code does not sign out a tab that is signed in', async () => {
  const { session, daemon } = open({ 'ocmesh-page-key': 'k1' });
  daemon.key = 'k1';
  await session.start('used before');
  expect(session.state.value).toBe('signed_in');
});

test('without a daemon the tab is signed out', async () => {
  const { session, daemon } = open({ 'ocmesh-page-key': 'k1' });
  daemon.isRunning = false;
  await session.start(null);
  expect(session.state.value).toBe('signed_out');
});

test('signing out ends the session in the daemon and forgets the key', async () => {
  const { session, daemon, sent } = open();
  await session.start('good');
  await session.signOut();
  expect([daemon.key, session.key(), session.state.value]).toEqual([null, null, 'signed_out']);
  expect(sent.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'ocmesh-page': 'k1' } });
});

test.each([
  ['#code=abc_-9', 'abc_-9'],
  ['#code=', null],
  ['#code=<b>', null],
  [`#code=${'a'.repeat(129)}`, null],
  ['#/peers', null],
  ['', null],
])('finds the code in %j', (fragment, code) => expect(codeIn(fragment)).toBe(code));
