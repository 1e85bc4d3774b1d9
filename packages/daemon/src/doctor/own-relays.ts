import { limits } from '@ocmesh/shared/contract';

/** Our own relays as the next start of the daemon takes them: those configured, and the owner's choices since. */
export function ownRelays(
  named: readonly string[] | null,
  candidates: readonly string[],
  choices: readonly { readonly url: string; readonly wanted: boolean }[],
): string[] {
  const refused = new Set(choices.flatMap(({ url, wanted }) => (wanted ? [] : [url])));
  const added = choices.flatMap(({ url, wanted }) => (wanted ? [url] : []));
  const configured = (named ?? candidates).filter((url) => !refused.has(url));
  const used = named === null ? configured.slice(0, limits.defaultRelays) : configured;
  return [...new Set([...used, ...added])];
}
