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

/** Milliseconds for an answer of a program on this machine. */
const ANSWER_MS = 3_000;

/** A daemon that answers. */
export interface DaemonFacts {
  readonly url: string;
  readonly status: Status;
}

/** What it was started with, as far as it shows that. */
export interface RunningSettings {
  readonly url: string;
  readonly name: string | null;
  readonly relays: readonly string[];
  readonly policy: Policy;
  /** For every call. */
  readonly needsToken: boolean;
}

/** The daemon of the home, asked over its API. */
export interface RunningDaemon {
  /** null when it does not answer, or not as ours would. */
  find(): Promise<DaemonFacts | null>;
  ownRelays(): Promise<readonly RelayDetails[]>;
  settings(daemon: DaemonFacts): Promise<RunningSettings | null>;
}

export function createRunningDaemon(clock: Clock, access: ClientOptions): RunningDaemon {
  const { baseUrl, fetch } = access;

  async function ask<T>(
    question: (client: Handlers, context: CallContext) => Promise<T>,
    options = access,
  ): Promise<T | null> {
    const impatience = new AbortController();
    const cancel = clock.after(ANSWER_MS, () => impatience.abort());
    try {
      return await question(createClient(options), { signal: impatience.signal });
    } catch {
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
