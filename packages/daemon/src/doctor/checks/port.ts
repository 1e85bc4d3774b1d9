import { createServer } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { identifyPortOwner } from '../../adapters/http/identify-port-owner.ts';
import { type Check, fail, ok } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

export const portCheck = (facts: Pick<Facts, 'config' | 'daemon'>, clock: Clock): Check => ({
  id: 'port',
  what: 'Port',
  why: 'Agents and commands talk to the daemon on it.',
  // A daemon that does not respond may be using it.
  needs: ['config', 'daemon'],
  async run() {
    const daemon = await facts.daemon();
    if (daemon) return ok(`${daemon.url} belongs to this daemon`);
    const { port } = facts.config().values;
    if (port === 0) return ok('any free one');
    const problem = await tryPort(port);
    const nextStep =
      'Choose another with OCMESH_PORT or `port` in config.json, or stop the program that uses it.';
    if (problem === null) return ok(`${port} is free`);
    if (problem !== 'EADDRINUSE') return fail(`${port} cannot be used (${problem})`, nextStep);
    const owner = await identifyPortOwner(port, clock);
    return fail(
      owner ? `another ocmesh (${owner}) listens on ${port}` : `another program listens on ${port}`,
      nextStep,
    );
  },
});

/** Returns the error code if the port cannot be used, else null. */
function tryPort(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(null)));
  });
}
