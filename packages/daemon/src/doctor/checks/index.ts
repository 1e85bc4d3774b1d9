import type { Check } from '../check.ts';
import type { Environment } from '../probes/environment.ts';
import type { Facts } from '../probes/facts.ts';
import { clientsCheck } from './clients.ts';
import { clockCheck } from './clock.ts';
import { configCheck } from './config.ts';
import { copyCheck } from './copy.ts';
import { daemonCheck } from './daemon.ts';
import { discoveryCheck } from './discovery.ts';
import { diskCheck } from './disk.ts';
import { keyCheck } from './key.ts';
import { nodeCheck } from './node.ts';
import { permissionsCheck } from './permissions.ts';
import { policyCheck } from './policy.ts';
import { portCheck } from './port.ts';
import { proxyCheck } from './proxy.ts';
import { relaysCheck } from './relays.ts';
import { roundTripCheck } from './round-trip.ts';
import { serviceCheck } from './service.ts';
import { settingsCheck } from './settings.ts';
import { storeCheck } from './store.ts';
import { wakeCheck } from './wake.ts';

/** Returns the checks from the machine to the mesh: later ones build on earlier ones. */
export const allChecks = (environment: Environment, facts: Facts): readonly Check[] => {
  const { home } = environment;
  const { clock } = environment.machine;
  return [
    nodeCheck(environment),
    configCheck(facts),
    permissionsCheck(environment),
    keyCheck(facts, environment),
    copyCheck(home),
    storeCheck(facts, home),
    policyCheck(facts),
    diskCheck(home),
    daemonCheck(facts, home),
    settingsCheck(facts),
    portCheck(facts, clock),
    serviceCheck(facts, environment),
    proxyCheck(facts, clock),
    relaysCheck(facts, clock),
    discoveryCheck(facts),
    clockCheck(facts),
    roundTripCheck(facts, clock),
    clientsCheck(environment),
    wakeCheck(environment),
  ];
};
