import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorCatalogue } from './errors.ts';
import { errorStep, isProblem, nextSteps, reachabilityStep, reasonStep, withStepsFor } from './next-steps.ts';
import { Reachability, Reason } from './schemas.ts';
import type { Audience } from './step-texts.ts';

const restCall = /\b(GET|POST|PUT|PATCH|DELETE) \//;
const audiences: readonly Audience[] = ['api', 'tool', 'command', 'page'];
const rows = Object.entries(nextSteps).flatMap(([group, steps]) =>
  Object.entries(steps).map(
    ([code, step]) => [`${group}.${code}`, step as Record<Audience, string>] as const,
  ),
);

test('every error code, reason and state of a peer has a row, and there are no other rows', () => {
  expect(Object.keys(nextSteps.errors).sort()).toEqual(Object.keys(errorCatalogue).sort());
  const reasons = Reason.properties.code.anyOf.map((word) => word.const);
  expect(Object.keys(nextSteps.reasons).sort()).toEqual(reasons.sort());
  const states = Reachability.properties.state.anyOf.map((word) => word.const);
  expect(Object.keys(nextSteps.reachability).sort()).toEqual(states.sort());
});

describe.each(rows)('%s', (_, step) => {
  test('has a sentence for each audience', () => {
    for (const audience of audiences) expect(step[audience]).toMatch(/^\S.* .*\.$/);
  });

  test('names REST calls only to callers of REST', () => {
    for (const audience of ['tool', 'command', 'page'] as const) expect(step[audience]).not.toMatch(restCall);
  });

  test('a tool text says that only the user can run a command', () => {
    if (step.tool.includes('`ocmesh')) expect(step.tool).toMatch(/\b(user|owner)\b/);
    for (const audience of ['command', 'page'] as const) expect(step[audience]).not.toMatch(/\byour user\b/);
  });
});

test('a daemon that is not running has to be started', () => {
  for (const audience of audiences)
    expect(errorStep({ code: 'daemon_down' }, audience)).toContain('`ocmesh start`');
});

test('marking messages as read makes room in a full store', () => {
  const ways = {
    api: 'POST /messages/read',
    tool: 'mark_read',
    command: '`ocmesh read --from',
    page: 'mark as read',
  };
  for (const audience of audiences) {
    expect(errorStep({ code: 'inbox_full' }, audience)).toContain(ways[audience]);
    expect(reasonStep({ code: 'inbox_full' }, audience)).toContain(ways[audience]);
  }
});

test('the step for a blocked peer is to unblock it, not to trust it', () => {
  for (const audience of audiences) expect(reachabilityStep('blocked', audience)).toMatch(/\bunblock/i);
});

test('a known problem has its own step, an unknown one that of its code', () => {
  expect(errorStep({ code: 'invalid_request', problem: 'relay_list_full' }, 'command')).toContain(
    '`ocmesh relays remove <url>`',
  );
  for (const problem of ['problem of a newer version', 'constructor', undefined]) {
    expect(errorStep({ code: 'invalid_request', problem }, 'tool')).toBe(
      nextSteps.errors.invalid_request.tool,
    );
    expect(isProblem(problem)).toBe(false);
  }
});

test('the step for a store that refuses depends on the error', () => {
  const code = 'storage_refuses';
  expect(reasonStep({ code, problem: 'storage_full' }, 'command')).toMatch(/^Free some space/);
  expect(reasonStep({ code, problem: 'storage_unavailable' }, 'command')).toContain('`ocmesh logs`');
  expect(reasonStep({ code }, 'command')).toContain('`ocmesh logs`');
});

test('a code of a newer daemon still has a step', () => {
  const code = 'reason_of_a_newer_version' as never;
  expect(reasonStep({ code }, 'tool')).toMatch(/user/);
  expect(reachabilityStep(code, 'command')).toContain('`ocmesh doctor`');
});

test('replaces the next steps of a result and nothing else of it', () => {
  const reason = { code: 'inbox_full', message: 'Full.', since: 'now', next_step: 'POST /x' } as const;
  const reachability = { state: 'no_relay', why: 'No relay.', next_step: 'GET /y' } as const;
  const result = { reasons: [reason], reachability, name: 'GET /z' };
  expect(withStepsFor('tool', result)).toEqual({
    reasons: [{ ...reason, next_step: nextSteps.reasons.inbox_full.tool }],
    reachability: { ...reachability, next_step: nextSteps.reachability.no_relay.tool },
    name: 'GET /z',
  });
  for (const other of [[], 'text', { name: 'x' }] as never[]) expect(withStepsFor('tool', other)).toBe(other);
});

test('an error without a problem has the steps of its code', () => {
  for (const code of Object.keys(errorCatalogue) as ErrorCode[])
    for (const audience of audiences)
      expect(errorStep({ code }, audience)).toBe(nextSteps.errors[code][audience]);
});
