import { OcmeshError } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { codeIn, createSession, type KeyStore, readKey } from './session.ts';

/** A daemon that knows one code, and the browser's storage. */
function open(stored: Record<string, string> = {}) {
  const values = new Map(Object.entries(stored));
  const store: KeyStore = {
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
  };
  const daemon = { isRunning: true, codes: new Set(['good']), key: null as string | null };
  const answer = async <T>(read: () => T): Promise<T> => {
    if (!daemon.isRunning) throw new OcmeshError('daemon_down');
    return read();
  };
  const session = createSession(
    {
      openPageSession: ({ code }) =>
        answer(() => {
          if (!daemon.codes.delete(code)) throw new OcmeshError('page_code_wrong');
          daemon.key = 'k1';
          return { key: 'k1' };
        }),
      getPageSession: () =>
        answer(() => ({ signed_in: daemon.key !== null && readKey(store) === daemon.key })),
      closePageSession: () =>
        answer(() => {
          daemon.key = null;
          return {};
        }),
    },
    store,
  );
  return { session, daemon, values, key: () => readKey(store) };
}

test('a code signs the tab in, once', async () => {
  const { session, values, key } = open();
  await session.start('good');
  expect([session.state.value, key()]).toEqual(['signed_in', 'k1']);
  values.clear();
  await session.start('good');
  expect([session.state.value, session.codeRefused.value, key()]).toEqual(['signed_out', true, null]);
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

test('a daemon that stopped before the code came leaves the key as it was', async () => {
  const { session, daemon, key } = open({ 'ocmesh-page-key': 'k1' });
  daemon.isRunning = false;
  await session.start('good');
  expect([session.state.value, session.codeRefused.value, key()]).toEqual(['signed_out', false, 'k1']);
});

test('signing out ends the session in the daemon and forgets the key', async () => {
  const { session, daemon, key } = open();
  await session.start('good');
  await session.signOut();
  expect([daemon.key, key(), session.state.value]).toEqual([null, null, 'signed_out']);
});

test.each([
  ['#code=abc_-9', 'abc_-9'],
  ['#code=', null],
  ['#code=<b>', null],
  [`#code=${'a'.repeat(129)}`, null],
  ['#/peers', null],
  ['', null],
])('finds the code in %j', (fragment, code) => expect(codeIn(fragment)).toBe(code));
