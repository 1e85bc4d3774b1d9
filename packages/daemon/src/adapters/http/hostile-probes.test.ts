import { callNames, type Operation, type OperationName, operations } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { hostileRequests } from '../../../test/support/hostile-requests.ts';
import { openApi } from '../../../test/support/http-api.ts';
import { plainRequest } from '../../../test/support/plain-request.ts';
import type { CallerOptions } from './authenticate.ts';

const names = Object.keys(operations) as OperationName[];
/** Operations that the core implements. */
const ofCore = names.filter((name) => !(operations[name] as Operation).session);
const token = 't'.repeat(43);
const data = 'for the owner only';

/** An API whose handlers all return data, and record that they were reached. */
async function openTarget(callers?: CallerOptions) {
  const reached: string[] = [];
  const handlers = Object.fromEntries(
    callNames.map((name) => [
      name,
      async () => {
        reached.push(name);
        return 'page' in operations[name] ? { items: [data], next_cursor: null } : { data };
      },
    ]),
  );
  const followEvents = async function* () {
    reached.push('followEvents');
    yield { id: 'ab:0', event: 'reset', data: { reason: data } } as never;
  };
  const api = await openApi({ ...handlers, followEvents }, callers);

  function ask(name: OperationName, ...headers: string[]) {
    const { method, path, body } = plainRequest(name);
    const typed = body === null ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
    return api.raw([`${method} ${path} HTTP/1.1`, `Host: ${api.own}`, ...typed, ...headers], body ?? '');
  }
  return { api, reached, ask };
}

test('a plain request to each route gets data', async () => {
  const { reached, ask } = await openTarget({ auth: 'token', token: () => token });
  for (const name of ofCore) {
    const { status, text } = await ask(name, `Authorization: Bearer ${token}`);
    expect([name, status < 300, text.includes(data)]).toEqual([name, true, true]);
  }
  expect([...reached].sort()).toEqual([...ofCore].sort());
  expect((await ask('createPageCode', `Authorization: Bearer ${token}`)).text).toContain('"code":"');
});

test.each(Object.entries(hostileRequests))('%s gets nothing from any route', async (_, mutate) => {
  const { api, reached } = await openTarget();
  for (const name of names) {
    const { lines, body } = mutate(plainRequest(name), api.port);
    const { status, headers, text, json } = await api.raw(lines, body);
    expect({ name, reached, text: text.includes(data) }).toEqual({ name, reached: [], text: false });
    // The connection was closed, or there is a clear error that no page may read.
    if (Number.isNaN(status)) continue;
    expect([name, status >= 400 && status < 500, typeof json['error']]).toEqual([name, true, 'string']);
    expect([...headers.keys()].filter((key) => key.startsWith('access-control'))).toEqual([]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('only the health check and the proof work without the token if every call needs it', async () => {
  const { reached, ask } = await openTarget({ auth: 'token', token: () => token });
  for (const name of names) {
    for (const header of [
      'Accept: */*',
      'Authorization: Bearer x',
      `Cookie: token=${token}`,
      `X-Token: ${token}`,
    ])
      await ask(name, header);
  }
  expect(new Set(reached)).toEqual(new Set(['getHealth', 'prove']));
});

test('calls for the owner need the token even if others need none', async () => {
  const { reached, ask } = await openTarget({ auth: 'none', token: () => token });
  const forOwner = names.filter((name) => 'owner' in operations[name]);
  for (const name of forOwner) expect((await ask(name)).json['error']).toBe('owner_only');
  expect(reached).toEqual([]);
});
