import { expect, test } from 'vitest';
import { explainNetworkError } from './network-fault.ts';

test.each([
  ['getaddrinfo EAI_AGAIN nos.lol', 'no response from the DNS server (EAI_AGAIN)'],
  ['getaddrinfo ENOTFOUND nos.example', 'host name not found (ENOTFOUND)'],
  ['connect ECONNREFUSED 127.0.0.1:7447', 'cannot connect (ECONNREFUSED)'],
  ['read ECONNRESET', 'connection lost (ECONNRESET)'],
  ['auth-required: connect with a key', 'auth-required: connect with a key'],
  ['Unexpected server response: 503', 'Unexpected server response: 503'],
])('%s is explained as: %s', (text, expected) => {
  expect(explainNetworkError(text)).toBe(expected);
});
