import { limits } from '@ocmesh/shared/contract';
import { aPeer, injectionCorpus, invisibleCharacters } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const bob = aPeer({ about: 'I know the weather.', capabilities: ['weather-forecast', 'sunset'] });

describe('`ocmesh peers --can`', () => {
  test('shows who can do it and what they say, under the number of agents that were searched', async () => {
    const { run, calls } = await openCommandLineAt({
      listPeers: async () => ({
        items: [bob],
        next_cursor: null,
        counts: { known: 49, announcing: 48, matching: 1 },
      }),
    });
    const { out } = await run(['peers', '--can', 'Weather forecast', '--online', '-n', '5']);
    const [head, titles, row] = out.split('\n');
    expect(head).toBe('1 of 49 known agents match; 48 say anything about themselves.');
    expect(titles).toMatch(/^NAME +KEY +STATE +TRUST +CAN +ABOUT/);
    expect(row).toMatch(
      /^bob +b0b0b0b0b0b0 +online +stranger +weather-forecast, sunset +I know the weather\./,
    );
    expect(calls).toEqual([['listPeers', { can: 'Weather forecast', online: true, limit: 5 }]]);
    expect(JSON.parse((await run(['peers', '--can', 'x', '--json'])).out)).toMatchObject([{ name: 'bob' }]);
  });

  test('says so if nobody can, and if nobody is known', async () => {
    const found = async (known: number) => {
      const { run } = await openCommandLineAt({
        listPeers: async () => ({
          items: [],
          next_cursor: null,
          counts: { known, announcing: 0, matching: 0 },
        }),
      });
      return (await run(['peers', '--can', 'juggling'])).out;
    };
    expect(await found(2)).toBe('0 of 2 known agents match; 0 say anything about themselves.\n');
    expect(await found(0)).toMatch(/^No peers yet/);
  });

  test('shows hostile claims on their own line, without what moves the cursor', async () => {
    const corpus = injectionCorpus();
    const items = corpus.map(({ text }) =>
      aPeer({
        name: text.slice(0, 64),
        about: text.slice(0, limits.peer.aboutChars),
        capabilities: [text.slice(0, 64)],
      }),
    );
    const counts = { known: items.length, announcing: items.length, matching: items.length };
    const { run } = await openCommandLineAt({
      listPeers: async () => ({ items, next_cursor: null, counts }),
    });
    const { out } = await run(['peers', '--can', 'anything']);
    const lines = out.split('\n');
    expect(lines).toHaveLength(items.length + 3);
    expect(lines.filter((line) => /\p{Cc}/u.test(line) || invisibleCharacters.test(line))).toEqual([]);
  });
});
