import { relayLimits } from './limits.ts';

/** The relays of the configuration. */
export interface ConfiguredRelays {
  /** null where the owner named none. */
  readonly named: readonly string[] | null;
  /** What is used in their place: all agents have them in the same order. */
  readonly candidates: readonly string[];
}

/** What the owner said of one relay while the daemon ran. */
export interface RelayChoice {
  readonly url: string;
  readonly wanted: boolean;
}

/** The configured ones without those that the owner took away, and those that the owner added. */
export function applyChoices(
  { named, candidates }: ConfiguredRelays,
  choices: readonly RelayChoice[],
): { readonly pool: readonly string[]; readonly added: readonly string[] } {
  const refused = new Set(choices.flatMap(({ url, wanted }) => (wanted ? [] : [url])));
  const added = choices.flatMap(({ url, wanted }) => (wanted && !named?.includes(url) ? [url] : []));
  const pool = (named ?? candidates).filter((url) => !refused.has(url) && !added.includes(url));
  return { pool, added };
}

const nobody = (): boolean => false;

/** Our own relays: all that are named, of the candidates the first that are not benched, and what the owner added. */
export function chooseRelays(
  configured: ConfiguredRelays,
  choices: readonly RelayChoice[],
  isBenched: (url: string) => boolean = nobody,
  isTried: (url: string) => boolean = nobody,
): string[] {
  const { pool, added } = applyChoices(configured, choices);
  if (configured.named !== null) return [...pool, ...added];
  const fit = pool.filter((url) => !isBenched(url));
  // With all of them failing, it is the network that fails.
  const chosen = (fit.length > 0 ? fit : pool).slice(0, relayLimits.default.count);
  const tried = pool.filter((url) => isTried(url) && !chosen.includes(url));
  return [...chosen, ...tried, ...added];
}
