/** The sections of the page, in the order of its navigation. */
export const sections = [
  'overview',
  'conversations',
  'requests',
  'peers',
  'relays',
  'policy',
  'figures',
] as const;

export type Section = (typeof sections)[number];

export interface Route {
  readonly section: Section;
  /** The peer whose conversation or details are open. */
  readonly pubkey: string | null;
}

/** Reads the fragment of the address, like `#/peers/<key>`; anything else is the overview. */
export function routeIn(fragment: string): Route {
  const [, name = '', pubkey = null] = /^#\/([a-z]*)(?:\/([0-9a-f]{64}))?$/.exec(fragment) ?? [];
  const section = sections.find((each) => each === name);
  return section ? { section, pubkey } : { section: 'overview', pubkey: null };
}

export const linkTo = (section: Section, pubkey: string | null = null): string =>
  `#/${section}${pubkey === null ? '' : `/${pubkey}`}`;
