import type { Base, Outgoing, Relays } from './agent-parts.ts';
import type { Config } from './config/schema.ts';
import type { Pipeline } from './core/ingest/pipeline.ts';
import { createAnnouncer } from './core/mesh/announce.ts';
import { createAnswerPings } from './core/mesh/answer-pings.ts';
import { createFindAgents } from './core/mesh/find-agents.ts';
import { createHandshake } from './core/mesh/handshake.ts';
import { createOnlineWatch } from './core/mesh/online-watch.ts';
import type { OwnProfile } from './core/mesh/own-profile.ts';
import { createPingPeers } from './core/mesh/ping-peers.ts';
import type { TimeWatch } from './core/status/time-watch.ts';

export type Mesh = ReturnType<typeof createMesh>;

/** Presence, discovery and hellos. */
export function createMesh(
  { store, clock, log, identity, network, emit }: Base,
  needs: {
    readonly time: TimeWatch;
    readonly relays: Relays;
    readonly pipeline: Pipeline;
    readonly offer: Outgoing['offer'];
    /** The tag `instance` of our presences. */
    readonly instance: string;
    readonly profile: OwnProfile['get'];
  },
  config: Config,
) {
  const { time, relays, pipeline, offer, instance, profile } = needs;
  const onlineWindowMs = config.online_window_s * 1000;
  const { correctedNow } = time;
  const budgetBytes = config.discovery_budget_mb_per_day * 1_000_000;
  const isHidden = config.presence_kinds.length === 0;
  const found = createFindAgents(
    {
      self: identity.pubkey,
      network,
      store,
      clock,
      correctedNow: time.correctedNow,
      log,
      ingest: pipeline.ingestBackfill,
    },
    {
      intervalMs: config.scan_interval_s * 1000,
      onlineWindowMs,
      budgetBytes,
    },
  );
  const { discovery } = found;
  return {
    ...found,
    announcer: createAnnouncer(
      {
        identity,
        network,
        store,
        clock,
        log,
        budget: relays.budget,
        correctedNow: time.correctedNow,
        relayOffsetMs: time.relayOffsetMs,
        profile,
        agentsOn: (url) => discovery.crowdOf(url)?.onRelay.agents ?? 0,
        meshAgents: () => discovery.mesh()?.agents ?? 0,
        // Our relay list says which.
        onRelaysChosen: () => emit([{ type: 'relays.changed' }]),
      },
      {
        intervalMs: config.announce_interval_s * 1000,
        onlineWindowMs,
        presenceKinds: config.presence_kinds,
        instance,
      },
    ),
    handshake: createHandshake({
      identity,
      store,
      clock,
      confirmedNow: time.confirmedNow,
      log,
      offer,
      profile,
    }),
    pingPeers: createPingPeers(
      { identity, store, network, clock, correctedNow, log, emit },
      { onlineWindowMs, budgetBytes, isHidden },
    ),
    answerPings: createAnswerPings(
      { identity, store, network, clock, budget: relays.budget, correctedNow },
      { isHidden },
    ),
    onlineWatch: createOnlineWatch({ store, clock, emit }, { onlineWindowMs }),
  };
}
