// Every JavaScript runtime has it, but none of the type libraries of this package declares it.
declare const URL: new (
  text: string,
) => {
  readonly protocol: string;
  readonly origin: string;
  readonly pathname: string;
  readonly search: string;
  readonly username: string;
  readonly password: string;
};

/** Why a text is not a relay URL: it contains a user name or password, or it is not a URL of a relay at all. */
export type RelayUrlProblem = 'credentials' | 'no_address';

/**
 * Normalizes a relay URL, so that two spellings of the same relay are equal: lower-case host, no default port, no fragment,
 * no lone slash.
 */
export function parseRelayUrl(
  text: string,
): { readonly url: string } | { readonly problem: RelayUrlProblem } {
  let parsed: InstanceType<typeof URL>;
  try {
    parsed = new URL(text);
  } catch {
    return { problem: 'no_address' };
  }
  // The parser reads `ws:host` as `ws://host`, but nobody means that.
  if (!/^wss?:\/\//i.test(text.trim())) return { problem: 'no_address' };
  if (parsed.username !== '' || parsed.password !== '') return { problem: 'credentials' };
  const { origin, pathname, search } = parsed;
  return { url: pathname === '/' && search === '' ? origin : `${origin}${pathname}${search}` };
}
