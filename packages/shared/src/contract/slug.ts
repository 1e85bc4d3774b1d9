import { limits } from './limits.ts';

/** A capability: words of lower-case letters a to z and digits, with single hyphens between them. */
export const slugPattern = '^[a-z0-9]+(-[a-z0-9]+)*$';
const SLUG = new RegExp(slugPattern);

export const isSlug = (text: string): boolean =>
  text.length <= limits.profile.capabilityChars && SLUG.test(text);
