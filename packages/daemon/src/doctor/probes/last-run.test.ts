import { hourMs } from '@ocmesh/shared/ambient';
import { expect, test } from 'vitest';
import { relaysOfLastRun } from './last-run.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const candidates = ['wss://a.example', 'wss://b.example'];
const mine = 'ws://127.0.0.1:7777';
const run = (
  listened: Record<string, number>,
  choices: { url: string; wanted: boolean }[] = [],
): readonly string[] | null =>
  relaysOfLastRun(
    Object.entries(listened).map(([url, hoursAgo]) => ({ url, cursorMs: NOW_MS - hoursAgo * hourMs })),
    { candidates, choices },
    NOW_MS,
  );

test('relays that are not configured came from its flags or environment', () => {
  expect(run({ [mine]: 24, 'wss://b.example': 24.1 })).toEqual([mine, 'wss://b.example']);
});

test('returns null after a run with the default relays, or with those that the owner added', () => {
  expect(run({})).toBeNull();
  expect(run({ 'wss://b.example': 1 })).toBeNull();
  expect(run({ 'wss://b.example': 1, [mine]: 1 }, [{ url: mine, wanted: true }])).toBeNull();
});

test('an earlier run is ignored', () => {
  expect(run({ [mine]: 30, 'wss://a.example': 24 })).toBeNull();
  expect(run({ [mine]: 24, 'wss://a.example': 30 })).toEqual([mine]);
});

test('a time in the future is ignored: the clock was wrong', () => {
  expect(run({ [mine]: 24, 'ws://127.0.0.1:1': -5 })).toEqual([mine]);
});

test('relays that the owner added or removed are respected', () => {
  const other = 'ws://127.0.0.1:8888';
  const choices = [
    { url: mine, wanted: false },
    { url: 'wss://added.example', wanted: true },
  ];
  expect(run({ [mine]: 24, [other]: 24 }, choices)).toEqual([other, 'wss://added.example']);
  expect(run({ [mine]: 24 }, choices)).toBeNull();
});
