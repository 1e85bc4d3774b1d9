import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { onTestFinished, vi } from 'vitest';

/** Records where this process connects to, and which names it looks up, until the test ends. */
export function watchSockets() {
  const connected: string[] = [];
  const lookedUp: string[] = [];
  const { connect } = net.Socket.prototype;
  const spies = [
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args) {
      // Node passes its options in a list of its own.
      const [options] = [args[0]].flat() as { host?: string; port?: number }[];
      connected.push(`${options?.host ?? 'localhost'}:${options?.port}`);
      return Reflect.apply(connect, this, args);
    }),
    ...([dns, dns.promises] as (typeof dns)[]).map((module) => {
      const { lookup } = module;
      return vi.spyOn(module, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
        lookedUp.push(name);
        return Reflect.apply(lookup, module, [name, ...rest]);
      }) as never);
    }),
  ];
  syncBuiltinESMExports();
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
    syncBuiltinESMExports();
  });
  return { connected, lookedUp };
}
