import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';

test('a relay whose port is in use says so, and how to choose another', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void holder.close());
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  expect(await openCommandLine().run(['relay', '--port', String(port)])).toEqual({
    out: '',
    err: `ocmesh: Port ${port} of 127.0.0.1 is already in use. Choose another with --port.\n`,
    code: 75,
  });
});

test('a relay does not listen on an address of another machine', async () => {
  const { err, code } = await openCommandLine().run(['relay', '--port', '0', '--host', '192.0.2.1']);
  expect([err, code]).toEqual([expect.stringContaining('192.0.2.1 is not an address of this machine'), 78]);
});
