import { createServer } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { identifyPortOwner } from '../../adapters/http/identify-port-owner.ts';
import { type Check, fail, ok } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

export const portCheck = (facts: Pick<Facts, 'config' | 'daemon'>, clock: Clock): Check => ({
  id: 'port',
  what: 'Port',
  why: 'Agents and commands talk to the daemon there.',
  // A daemon that does not answer may be what holds it.
  needs: ['config', 'daemon'],
  async run() {
    const daemon = await facts.daemon();
    if (daemon) return ok(`${daemon.url} is this daemon's`);
    const { port } = facts.config().values;
    if (port === 0) return ok('any that is free');
    const problem = await tryPort(port);
    const nextStep = 'Set OCMESH_PORT, or `port` in config.json, to another one; or stop what holds it.';
    if (problem === null) return ok(`${port} is free`);
    if (problem !== 'EADDRINUSE') return fail(`${port} cannot be used (${problem})`, nextStep);
    const holder = await identifyPortOwner(port, clock);
    return fail(
      holder ? `another ocmesh (${holder}) listens on ${port}` : `another program listens on ${port}`,
      nextStep,
    );
  },
});

/** null when it can be listened on. */
function tryPort(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(null)));
  });
}
