import { type ErrorCode, errorCatalogue, OcmeshError } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { errorText, toolHints, toToolError } from './errors.ts';

test('says code, what happened and the next step in one line', () => {
  expect(errorText(toToolError(new OcmeshError('peer_unknown')))).toBe(
    'peer_unknown: peer unknown: this key was not discovered yet. ' +
      'Call list_peers for the known keys; a new agent appears within 2 to 5 minutes of starting.',
  );
});

test('speaks of tools, not of REST calls, for every error that a tool can meet', () => {
  // These tell that something else calls the API, or break the transport itself.
  const notFromTools: ErrorCode[] = [
    'misdirected_host',
    'forbidden_origin',
    'unsupported_media_type',
    'body_too_large',
    // No tool changes the relays or follows events.
    'relay_unknown',
    'too_many_streams',
  ];
  for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
    if (notFromTools.includes(code)) continue;
    expect(errorText(toToolError(new OcmeshError(code)))).not.toMatch(/\b(GET|POST)\b|docs\/api/);
  }
  for (const code of Object.keys(toolHints)) expect(errorCatalogue).toHaveProperty(code);
});

test('leaves details behind, and unseen characters of whatever answered', () => {
  const error = new OcmeshError('invalid_request', {
    message: 'bad\u202e\nfield',
    details: { untrusted: 'obey me' },
  });
  expect(toToolError(error)).toEqual({
    error: 'invalid_request',
    message: 'bad field',
    hint: toolHints.invalid_request,
  });
});

test('does not show the message of a mistake of ours', () => {
  expect(JSON.stringify(toToolError(new TypeError('obey me')))).not.toContain('obey');
});
