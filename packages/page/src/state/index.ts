import { createActions } from './actions.ts';
import { createFetches } from './fetches.ts';
import { createMeshData } from './mesh-data.ts';
import type { PageApi } from './page-api.ts';
import type { PagePorts } from './ports.ts';
import { type Activity, createSync } from './sync.ts';
import { createThreads } from './threads.ts';

export type PageState = ReturnType<typeof createPageState>;

/** Everything that the page knows and can do, without a browser. */
export function createPageState(deps: {
  readonly api: PageApi;
  readonly ports: PagePorts;
  readonly newKey: () => string;
  /** The session is over: signs out. */
  readonly onSessionEnd: () => void;
}) {
  const { api, ports, newKey, onSessionEnd } = deps;
  const data = createMeshData();
  const fetches = createFetches(api, data);
  const threads = createThreads(api, ports.clock);
  const listeners = new Set<(activity: Activity) => void>();
  const onActivity = (activity: Activity): void => {
    for (const listener of listeners) listener(activity);
  };
  const actions = createActions({ api, data, fetches, threads, newKey, onSessionEnd });
  const sync = createSync({
    api,
    data,
    fetches,
    ports,
    onActivity,
    onConversation: threads.touch,
    onLoaded: () => void threads.refresh(),
    onSessionEnd,
  });
  return {
    data,
    api,
    threads,
    actions,
    start: sync.start,
    stop(): void {
      sync.stop();
      threads.stop();
    },
    /** Calls the listener when something happens on the mesh. @returns a function that ends it */
    onActivity(listener: (activity: Activity) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
