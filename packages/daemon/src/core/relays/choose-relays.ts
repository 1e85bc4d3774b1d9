import { ownRelayLimits } from './limits.ts';

/** Relays of the configuration. */
export interface ConfiguredRelays {
  /** null if the owner configured none. */
  readonly named: readonly string[] | null;
  /** Used if none are configured. All agents have them in the same order. */
  readonly candidates: readonly string[];
  /** Whether the same operator runs both relays. */
  readonly haveSameOperator: (one: string, other: string) => boolean;
}

/** A relay that the owner added or removed while the daemon ran. */
export interface RelayChoice {
  readonly url: string;
  readonly wanted: boolean;
}

/** Applies the owner's choices: configured relays without the removed ones (`pool`), and the added ones. */
export function applyChoices(
  { named, candidates }: Pick<ConfiguredRelays, 'named' | 'candidates'>,
  choices: readonly RelayChoice[],
): { readonly pool: readonly string[]; readonly added: readonly string[] } {
  const refused = new Set(choices.flatMap(({ url, wanted }) => (wanted ? [] : [url])));
  const added = choices.flatMap(({ url, wanted }) => (wanted && !named?.includes(url) ? [url] : []));
  const pool = (named ?? candidates).filter((url) => !refused.has(url) && !added.includes(url));
  return { pool, added };
}

const none = (): boolean => false;

/** Returns our own relays: all configured ones or else the first candidates not benched, and those the owner added. */
export function chooseRelays(
  configured: ConfiguredRelays,
  choices: readonly RelayChoice[],
  isBenched: (url: string) => boolean = none,
  isOnTrial: (url: string) => boolean = none,
): string[] {
  const { pool, added } = applyChoices(configured, choices);
  if (configured.named !== null) return [...pool, ...added];
  const usable = pool.filter((url) => !isBenched(url));
  // If all of them fail, the network is to blame.
  const chosen = firstOf(usable.length > 0 ? usable : pool, configured.haveSameOperator);
  const onTrial = pool.filter((url) => isOnTrial(url) && !chosen.includes(url));
  return [...chosen, ...onTrial, ...added];
}

/** Returns the first relays that fail independently; two of the same operator only if there are not enough others. */
function firstOf(urls: readonly string[], haveSameOperator: ConfiguredRelays['haveSameOperator']): string[] {
  const independent = urls.filter(
    (url, n) => !urls.slice(0, n).some((other) => haveSameOperator(url, other)),
  );
  const others = urls.filter((url) => !independent.includes(url));
  const chosen = [...independent, ...others].slice(0, ownRelayLimits.default.count);
  return urls.filter((url) => chosen.includes(url));
}
