// Every host of the language has it, but none of the libraries that this package is compiled with names it.
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

/** Why a text is no relay address: it holds a name or password, or it is none at all. */
export type RelayUrlProblem = 'credentials' | 'no_address';

/**
 * The one form of a relay's address, by which two ways to write it are seen to be the same:
 * lower-case host, no default port, no fragment, no slash that stands alone.
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
  // `ws:host` is read as `ws://host`, but nobody means it.
  if (!/^wss?:\/\//i.test(text.trim())) return { problem: 'no_address' };
  if (parsed.username !== '' || parsed.password !== '') return { problem: 'credentials' };
  const { origin, pathname, search } = parsed;
  return { url: pathname === '/' && search === '' ? origin : `${origin}${pathname}${search}` };
}
