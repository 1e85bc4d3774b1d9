import { expect, test } from 'vitest';
import { explainNetworkError } from './network-fault.ts';

test.each([
  ['getaddrinfo EAI_AGAIN nos.lol', 'no answer about its name (EAI_AGAIN)'],
  ['getaddrinfo ENOTFOUND nos.example', 'its name is not found (ENOTFOUND)'],
  ['connect ECONNREFUSED 127.0.0.1:7447', 'no connection (ECONNREFUSED)'],
  ['read ECONNRESET', 'the connection broke (ECONNRESET)'],
  ['auth-required: connect with a key', 'auth-required: connect with a key'],
  ['Unexpected server response: 503', 'Unexpected server response: 503'],
])('%s is told as: %s', (text, told) => {
  expect(explainNetworkError(text)).toBe(told);
});
