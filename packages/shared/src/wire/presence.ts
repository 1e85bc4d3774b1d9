import type { Pubkey } from '../contract/ids.ts';
import { limits } from '../contract/limits.ts';
import { cutChars } from '../contract/measure.ts';
import { isSlug } from '../contract/slug.ts';
import { foldAccents, wordsOf } from '../text/search-text.ts';
import {
  type EventDraft,
  expirationOf,
  type Filter,
  isExpired,
  type NostrEvent,
  tagValue,
  tagValues,
} from './event.ts';
import { kinds } from './kinds.ts';
import { defaultFeatures } from './version.ts';

const APP = 'ocmesh';
const ADDRESS = 'ocmesh-presence';
const CONTENT = 'ocmesh-agent-online';

/** A presence counts until three announcements are missing. */
export const ANNOUNCEMENTS_PER_LIFETIME = 3;

/** Smallest part of its relays on which an agent announces itself: one of as many as it may have. Less is not believed. */
const SMALLEST_SHARE = 0.03;

/** Digits of a key in the label by which its presence can be looked up: the shortest handle. */
export const HANDLE_LABEL_DIGITS = 8;
/** Namespaces of labels by which an agent can be looked up (NIP-32), and which say nothing about what it can do. */
const HANDLE_NAMESPACE = 'ocmesh.handle';
const NAME_NAMESPACE = 'ocmesh.name';

/** Returns the label of a name, in the form in which a search asks for its words. */
export const toNameLabel = (name: string): string => wordsOf(foldAccents(name)).join('-').toLowerCase();

export type PresenceKind = typeof kinds.note | typeof kinds.presence;

/** What an agent says about itself, besides its name. */
export interface Claims {
  readonly about: string | null;
  readonly capabilities: readonly string[];
}

export interface PresenceDraft {
  readonly kind: PresenceKind;
  readonly createdAtSec: number;
  /** Seconds after which relays may delete it (NIP-40). */
  readonly lifetimeSec: number;
  readonly version: string;
  readonly name: string | null;
  readonly features: readonly string[];
  /** What the agent says about itself; without it, the presence says nothing about that. */
  readonly profile?: Claims;
  /** First digits of the author's key, by which it can be looked up. */
  readonly handle?: string;
  readonly status: 'online' | 'offline';
  /** On how many of how many relays it is announced; without it, on all. */
  readonly copies?: readonly [copies: number, relays: number] | undefined;
  /** Differs for each run of a daemon. */
  readonly instance: string;
}

/** Creates a presence event, ready to be signed (docs/wire.md). */
export function presenceEvent(draft: PresenceDraft): EventDraft {
  const tags: string[][] = [];
  if (draft.kind === kinds.presence) tags.push(['d', ADDRESS]);
  tags.push(['t', APP], ['app', APP], ['v', draft.version]);
  if (draft.name) tags.push(['name', draft.name]);
  for (const feature of draft.features) tags.push(['f', feature]);
  if (draft.profile) tags.push(...profileTags(draft.profile));
  if (draft.handle) tags.push(...labelTags(draft.handle.slice(0, HANDLE_LABEL_DIGITS), HANDLE_NAMESPACE));
  const nameLabel = draft.name === null ? '' : toNameLabel(draft.name);
  if (isSlug(nameLabel)) tags.push(...labelTags(nameLabel, NAME_NAMESPACE));
  if (draft.status === 'offline') tags.push(['status', 'offline']);
  if (draft.copies) tags.push(['copies', ...draft.copies.map(String)]);
  tags.push(['instance', draft.instance]);
  tags.push(['expiration', String(draft.createdAtSec + draft.lifetimeSec)]);
  return { kind: draft.kind, created_at: draft.createdAtSec, tags, content: CONTENT };
}

/** Labels of the event's author (NIP-32), which relays index. The namespace is there even without labels: it says that there are none. */
const profileTags = ({ about, capabilities }: Claims): string[][] => [
  ...(about === null ? [] : [['about', about]]),
  ['L', APP],
  ...capabilities.map((capability) => ['l', capability, APP]),
];

/** A label with its namespace, without which NIP-32 gives it no meaning. */
const labelTags = (label: string, namespace: string): string[][] => [
  ['L', namespace],
  ['l', label, namespace],
];

/** Contents of an authentic presence event. All of them are claims by the peer. */
export interface Presence {
  readonly pubkey: Pubkey;
  readonly createdAtSec: number;
  readonly online: boolean;
  /** Seconds for which it says that it counts; null if it does not say. */
  readonly lifetimeSec: number | null;
  readonly name: string | null;
  readonly version: string | null;
  readonly features: readonly string[];
  /** null if it says nothing about that, as in earlier versions: then what a hello said still holds. */
  readonly profile: Claims | null;
  /** Run of the daemon that signed it; null if it did not say. */
  readonly instance: string | null;
}

/** Reads a presence event; null if it is not one, or has expired. */
export function readPresence(event: NostrEvent, nowSec: number): Presence | null {
  const marked =
    event.kind === kinds.presence
      ? tagValue(event, 'd') === ADDRESS
      : event.kind === kinds.note && tagValues(event, 't').includes(APP) && tagValue(event, 'app') === APP;
  if (!marked || isExpired(event, nowSec)) return null;
  return {
    pubkey: event.pubkey,
    createdAtSec: event.created_at,
    online: tagValue(event, 'status') !== 'offline',
    lifetimeSec: readLifetime(event),
    name: readName(tagValue(event, 'name')),
    version: readName(tagValue(event, 'v')),
    features: readClaims(tagValues(event, 'f'), defaultFeatures),
    profile: readProfile(event),
    instance: readName(tagValue(event, 'instance')),
  };
}

/** Seconds for which an event says that it counts (NIP-40); null if it does not say. */
function readLifetime(event: NostrEvent): number | null {
  const expirationSec = expirationOf(event);
  return expirationSec === undefined ? null : expirationSec - event.created_at;
}

/**
 * Returns how often the author of a presence announces itself, in seconds: it counts for three of its announcements.
 * @param fallbackSec for one that does not say
 */
export function announcedEverySec(event: NostrEvent, fallbackSec: number): number {
  const lifetimeSec = readLifetime(event) ?? 0;
  return lifetimeSec > 0 ? lifetimeSec / ANNOUNCEMENTS_PER_LIFETIME : fallbackSec;
}

/** Returns the part of its relays on which the author of a presence announces itself: all of them, unless it says otherwise. */
export function relayShare(event: NostrEvent): number {
  const [, copies, relays] = event.tags.find(([name]) => name === 'copies') ?? [];
  const share = Number(copies) / Number(relays);
  return share > SMALLEST_SHARE ? Math.min(1, share) : 1;
}

function readProfile(event: NostrEvent): Claims | null {
  if (!tagValues(event, 'L').includes(APP)) return null;
  const labels = event.tags.flatMap(([tag, label, namespace]) =>
    tag === 'l' && namespace === APP && label !== undefined && isSlug(label) ? [label] : [],
  );
  return {
    about: readAbout(tagValue(event, 'about'), limits.profile.aboutChars),
    capabilities: [...new Set(labels)].slice(0, limits.profile.capabilities),
  };
}

/** What a filter for presences asks for, besides the kind. */
export interface PresenceRange extends Pick<Filter, 'authors' | 'since' | 'until' | 'limit'> {}

/** Filter for presences. */
export const presenceFilter = (range: PresenceRange): Filter => ({
  kinds: [kinds.presence],
  '#d': [ADDRESS],
  ...range,
});

/** Filter for presences in notes. */
export const noteFilter = (range: PresenceRange): Filter => ({ kinds: [kinds.note], '#t': [APP], ...range });

/** Filter for presences of agents that claim one of these capabilities. */
export const labelFilter = (labels: readonly string[], sinceSec: number, limit: number): Filter => ({
  ...presenceFilter({ since: sinceSec, limit }),
  '#l': labels,
});

/** Filter for presences in which these words occur, for relays with NIP-50. */
export const textFilter = (search: string, sinceSec: number, limit: number): Filter => ({
  ...presenceFilter({ since: sinceSec, limit }),
  search,
});

/** A peer's name or version, cut to its limit; null if it is empty or not a text. */
export const readName = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? cutChars(value.trim(), limits.peer.nameChars) : null;

/** A peer's description of itself, cut to its limit; null if it is empty or not a text. */
export const readAbout = (value: unknown, maxChars: number): string | null =>
  typeof value === 'string' && value !== '' ? cutChars(value, maxChars) : null;

/** A peer's list of features or capabilities, cut to its limits. */
export function readClaims(value: unknown, fallback: readonly string[]): readonly string[] {
  if (!Array.isArray(value)) return fallback;
  const claims = value.filter(
    (claim): claim is string =>
      typeof claim === 'string' && claim.length > 0 && claim.length <= limits.peer.claimChars,
  );
  return claims.length > 0 ? [...new Set(claims)].slice(0, limits.peer.claims) : fallback;
}
