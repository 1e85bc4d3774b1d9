import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts a website that anybody may look at: an empty page, on which a test runs what an attacker would. */
export async function startWebsite() {
  const server = createServer((_, response) =>
    response.end('<!doctype html><meta charset="utf-8"><title>A website</title>'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What an attacker's script knows. */
interface Target {
  /** Where the daemon is, as the script calls it. */
  readonly base: string;
  readonly code: string;
  readonly peer: string;
}

/** Runs in the attacker's page: tries to read and to change. @returns everything that it could read */
export async function attack({ base, code, peer }: Target): Promise<string[]> {
  const read: string[] = [];
  const note = async (what: string, trying: Promise<string>): Promise<void> => {
    const text = await trying.catch(() => '');
    if (text !== '') read.push(`${what}: ${text}`);
  };
  const reads = ['/status', '/peers', '/messages', '/identity', '/history', '/events', '/relays', '/policy'];
  const writes: readonly (readonly [string, string, object])[] = [
    ['POST', '/send', { to: peer, content: 'from the attacker' }],
    ['PUT', '/policy', { strangers: 'closed' }],
    ['PATCH', `/peers/${peer}`, { trust: 'blocked' }],
    ['DELETE', '/relays?url=ws://127.0.0.1:9', {}],
    ['POST', '/page/session', { code }],
    ['POST', '/page/code', {}],
    ['DELETE', '/page/session', {}],
  ];
  const headerSets: Record<string, string>[] = [{}, { 'ocmesh-page': 'x' }, { authorization: 'Bearer x' }];
  for (const mode of ['cors', 'no-cors'] as const)
    for (const headers of headerSets) {
      const init = { mode, credentials: 'include', headers } as const;
      for (const path of reads)
        await note(
          path,
          fetch(base + path, init).then((answer) => answer.text()),
        );
      for (const [method, path, body] of writes)
        for (const type of ['application/json', 'text/plain'])
          await note(
            `${method} ${path}`,
            fetch(base + path, {
              ...init,
              method,
              headers: { ...headers, 'content-type': type },
              ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
            }).then((answer) => answer.text()),
          );
    }
  // As a frame, and as a window whose opener we are.
  const frame = document.createElement('iframe');
  frame.src = `${base}/`;
  document.body.append(frame);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await note(
    'frame',
    Promise.resolve().then(() => frame.contentDocument?.body?.textContent ?? ''),
  );
  // What an attacker knows of the code it has seen: works once at most, and only on the page itself.
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: `${base}/send`, enctype: 'text/plain', target: 'nowhere' });
  const field = document.createElement('input');
  Object.assign(field, { name: `{"to":"${peer}","content":"`, value: '"}' });
  form.append(field);
  const target = document.createElement('iframe');
  target.name = 'nowhere';
  document.body.append(form, target);
  form.submit();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await note(
    'form',
    Promise.resolve().then(() => target.contentDocument?.body?.textContent ?? ''),
  );
  return read;
}
