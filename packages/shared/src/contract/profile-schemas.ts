import { limits } from './limits.ts';
import { slugPattern } from './slug.ts';
import { nullable, type Static, Type, text } from './typebox.ts';

/** What others may know of this agent. */
export const OwnAbout = Type.String({
  minLength: 1,
  maxLength: limits.profile.aboutChars,
  pattern: '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]+$',
  description: 'What this agent is and does, on one line.',
});
export const OwnCapability = Type.String({
  minLength: 1,
  maxLength: limits.profile.capabilityChars,
  pattern: slugPattern,
  description: 'Lower-case letters a to z and digits, words separated by single hyphens.',
});
export const OwnCapabilities = Type.Array(OwnCapability, {
  maxItems: limits.profile.capabilities,
  uniqueItems: true,
  description: 'What this agent can do for others, for example `weather-forecast`.',
});

export const Profile = Type.Object({
  name: nullable(text('Name of this agent, from the settings.')),
  about: nullable(OwnAbout),
  capabilities: OwnCapabilities,
});

export type Profile = Static<typeof Profile>;
