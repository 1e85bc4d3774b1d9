import { expect, test } from 'vitest';
import { linkTo, routeIn, sections } from './route.ts';

const pubkey = 'ab'.repeat(32);

test.each(sections)('a link to %s leads there', (section) => {
  expect(routeIn(linkTo(section))).toEqual({ section, pubkey: null });
  expect(routeIn(linkTo(section, pubkey))).toEqual({ section, pubkey });
});

test.each(['', '#', '#/', '#/nowhere', '#/peers/<b>', `#/peers/${pubkey}/x`, '#javascript:alert(1)'])(
  '%j leads to the overview',
  (fragment) => expect(routeIn(fragment)).toEqual({ section: 'overview', pubkey: null }),
);
