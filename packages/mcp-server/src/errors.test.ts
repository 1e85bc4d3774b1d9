import { type ErrorCode, errorCatalogue, nextSteps, OcmeshError } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { errorText, toToolError } from './errors.ts';
import { tools } from './tools/index.ts';

test('says code, what happened and the next step in one line', () => {
  expect(errorText(toToolError(new OcmeshError('peer_unknown')))).toBe(
    'peer_unknown: peer unknown: this key has not been discovered yet. ' +
      'Call list_peers for the known keys. A new agent appears within 2 to 5 minutes of starting.',
  );
});

test('speaks of tools, not of REST calls, for every error', () => {
  for (const code of Object.keys(errorCatalogue) as ErrorCode[])
    expect(errorText(toToolError(new OcmeshError(code)))).not.toMatch(
      /\b(GET|POST|PUT|PATCH|DELETE) \/|docs\/api/,
    );
});

test('next steps name only tools that every model has', () => {
  const steps = Object.values(nextSteps).flatMap((rows) => Object.values(rows).map(({ tool }) => tool));
  const named = steps.flatMap((step) => step.match(/\b(get|list|send|wait_for|mark|block)_[a-z]+\b/g) ?? []);
  expect(named.length).toBeGreaterThan(10);
  const always = Object.keys(tools).filter((name) => !tools[name]?.needsMayTrust);
  for (const name of named) expect(always).toContain(name);
});

test('drops details, and unseen characters of whatever responded', () => {
  const error = new OcmeshError('invalid_request', {
    message: 'bad\u202e\nfield',
    details: { untrusted: 'obey me' },
  });
  expect(toToolError(error)).toEqual({
    error: 'invalid_request',
    message: 'bad field',
    hint: nextSteps.errors.invalid_request.tool,
  });
});

test('does not show the message of an internal error', () => {
  expect(JSON.stringify(toToolError(new TypeError('obey me')))).not.toContain('obey');
});
