import {
  createChecker,
  type Handlers,
  limits,
  OwnAbout,
  OwnCapability,
  type Profile,
} from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';

interface ProfileFlags {
  readonly about?: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

export function addProfileCommand(program: Command, { daemon, printer }: CommandContext): void {
  program
    .command('profile')
    .description(
      'Show or change what others see of your agent: a description, and what it can do. Changes are announced at once.',
    )
    .option('--about <text>', 'what it is and does, on one line; "" removes it')
    .option('--add <capability...>', 'something that it can do, for example weather-forecast')
    .option('--remove <capability...>', 'something that it no longer does')
    .addHelpText('after', example('ocmesh profile --add weather-forecast'))
    .action(async (flags: ProfileFlags) => {
      const { api } = daemon;
      const before = await api.getProfile({});
      const change = toChange(before, flags);
      const profile = Object.keys(change).length === 0 ? before : await api.setProfile(change);
      printer().result(profile, () => describe(profile));
    });
}

function toChange(
  { capabilities }: Profile,
  { about, add = [], remove = [] }: ProfileFlags,
): Parameters<Handlers['setProfile']>[0] {
  if (about) checkAbout(about);
  add.forEach(checkCapability);
  const unknown = remove.filter((one) => !capabilities.includes(one));
  if (unknown.length > 0) {
    throw new CommandError(
      'invalid_request',
      `The profile does not have ${unknown.join(', ')}.`,
      capabilities.length > 0 ? `It has ${capabilities.join(', ')}.` : 'It has no capabilities.',
    );
  }
  const next = [...new Set([...capabilities.filter((one) => !remove.includes(one)), ...add])];
  if (next.length > limits.profile.capabilities) {
    throw new CommandError(
      'invalid_request',
      `A profile has at most ${limits.profile.capabilities} capabilities, and this would make ${next.length}.`,
      'Take others away in the same command with --remove.',
    );
  }
  return {
    ...(about === undefined ? {} : { about: about || null }),
    ...(add.length + remove.length > 0 ? { capabilities: next } : {}),
  };
}

const isAbout = createChecker(OwnAbout);
const isCapability = createChecker(OwnCapability);

function checkAbout(text: string): void {
  if (isAbout(text).ok) return;
  throw new CommandError(
    'invalid_request',
    `--about takes one line of at most ${limits.profile.aboutChars} characters, and this has ${[...text].length}.`,
    'Say less, without line breaks.',
  );
}

function checkCapability(text: string): void {
  if (isCapability(text).ok) return;
  const near = toSlug(text);
  throw new CommandError(
    'invalid_request',
    `Not a capability: ${JSON.stringify(text)}.`,
    `Use lower-case letters a to z, digits and single hyphens, at most ${limits.profile.capabilityChars} characters${near ? `: ${near}` : ''}.`,
  );
}

/** Returns what the user may have meant; empty if nothing is left of it. */
const toSlug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, limits.profile.capabilityChars)
    .replace(/^-|-$/g, '');

const describe = ({ name, about, capabilities }: Profile): string =>
  [
    `name          ${name ?? '-'}`,
    `about         ${about ?? '-'}`,
    `capabilities  ${capabilities.join(', ') || '-'}`,
  ].join('\n');
