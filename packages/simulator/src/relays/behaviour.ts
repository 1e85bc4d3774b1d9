/** What a relay does besides being one. A relay without any is honest. */
export type Behaviour =
  /** Says that it accepted messages, and drops this share of them. */
  | { readonly kind: 'drops'; readonly rate: number }
  /** Stores new events, but sends them to no open subscription. */
  | { readonly kind: 'forwards nothing' }
  /** Keeps the OK of this share of events to itself. */
  | { readonly kind: 'loses OKs'; readonly rate: number }
  /** Sends this share of events twice. */
  | { readonly kind: 'duplicates'; readonly rate: number }
  /** Holds this share of frames back for up to so many milliseconds, so that others overtake them. */
  | { readonly kind: 'delays'; readonly rate: number; readonly ms: number }
  /** Sends stored events in any order. */
  | { readonly kind: 'shuffles' }
  /** Sends so many events for one query, and not the newest. */
  | { readonly kind: 'sends few'; readonly rows: number; readonly oldestFirst: boolean }
  | { readonly kind: 'refuses kind'; readonly event: number }
  | { readonly kind: 'refuses size'; readonly bytes: number }
  /** Refuses events whose date differs from its own by more than this. */
  | { readonly kind: 'refuses dates'; readonly seconds: number }
  /** Refuses everything that this machine writes. */
  | { readonly kind: 'refuses writer'; readonly machine: string }
  /** Takes so many events a minute from one connection. */
  | { readonly kind: 'limits rate'; readonly perMinute: number }
  /** Sends altered copies of this share of events first. */
  | { readonly kind: 'forges'; readonly rate: number }
  /** Shows messages only to their receivers, who have to authenticate. */
  | { readonly kind: 'wants AUTH' }
  /** Ends this share of queries without EOSE. */
  | { readonly kind: 'ends no query'; readonly rate: number }
  /** Forgets subscriptions without a word. */
  | { readonly kind: 'forgets subscriptions'; readonly rate: number }
  /** Its clock is wrong. */
  | { readonly kind: 'wrong clock'; readonly ms: number };

export type BehaviourKind = Behaviour['kind'];

/** Returns the behaviour of this kind, if there is one. */
export const behaviourOf = <K extends BehaviourKind>(
  behaviours: readonly Behaviour[],
  kind: K,
): Extract<Behaviour, { kind: K }> | undefined =>
  behaviours.find((one): one is Extract<Behaviour, { kind: K }> => one.kind === kind);
