import { defineConfig } from 'vitest/config';

// A busy machine is only slower: waits follow progress (`until` of the testkit), and the time-outs here end what hangs.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'scripts/*.test.ts',
            '*.test.ts',
          ],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
          // They wait more than they work.
          maxWorkers: 2,
        },
      },
    ],
  },
});
