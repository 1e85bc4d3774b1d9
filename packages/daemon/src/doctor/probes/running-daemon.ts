import { type ClientOptions, createClient } from '@ocmesh/client';
import type { Clock } from '@ocmesh/shared/ambient';
import {
  type CallContext,
  type Handlers,
  OcmeshError,
  type Policy,
  type RelayDetails,
  type Status,
} from '@ocmesh/shared/contract';

/** Time-out of a call to a program on this machine. */
const RESPONSE_MS = 3_000;

/** A daemon that responds. */
export interface DaemonFacts {
  readonly url: string;
  readonly status: Status;
}

/** Settings that a running daemon reveals. */
export interface RunningSettings {
  readonly url: string;
  readonly name: string | null;
  readonly relays: readonly string[];
  readonly policy: Policy;
  /** Whether every call needs the token. */
  readonly needsToken: boolean;
}

/** Calls the running daemon of the home. */
export interface RunningDaemon {
  /** null if it does not respond, or not like ocmesh. */
  find(): Promise<DaemonFacts | null>;
  /** Why `find` found none, if it is more than that nothing responds: another program has the port, or an older daemon. */
  problem(): OcmeshError | null;
  ownRelays(): Promise<readonly RelayDetails[]>;
  settings(daemon: DaemonFacts): Promise<RunningSettings | null>;
}

export function createRunningDaemon(clock: Clock, access: ClientOptions): RunningDaemon {
  const { baseUrl, fetch } = access;
  let problem: OcmeshError | null = null;

  async function ask<T>(
    call: (client: Handlers, context: CallContext) => Promise<T>,
    options = access,
  ): Promise<T | null> {
    const timeout = new AbortController();
    const cancel = clock.after(RESPONSE_MS, () => timeout.abort());
    try {
      return await call(createClient(options), { signal: timeout.signal });
    } catch (error) {
      if (error instanceof OcmeshError && error.problem) problem = error;
      return null;
    } finally {
      cancel();
    }
  }

  const needsToken = (client: Handlers, context: CallContext): Promise<boolean> =>
    client.getIdentity({}, context).then(
      () => false,
      (error) => error instanceof OcmeshError && error.code === 'token_required',
    );

  const ownRelays: RunningDaemon['ownRelays'] = async () => {
    const listed = await ask((client, context) => client.listRelays({}, context));
    return (listed ?? []).filter(({ role }) => role === 'own');
  };

  return {
    async find() {
      const status = await ask((client, context) => client.getStatus({}, context));
      return status && { url: await baseUrl(), status };
    },
    problem: () => problem,
    ownRelays,
    async settings({ url, status }) {
      const policy = await ask((client, context) => client.getPolicy({}, context));
      return (
        policy && {
          url,
          name: status.name,
          relays: (await ownRelays()).map((relay) => relay.url),
          policy,
          needsToken: (await ask(needsToken, { baseUrl, fetch })) ?? false,
        }
      );
    },
  };
}
