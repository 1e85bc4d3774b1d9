import { expect, describe as group, it } from 'vitest';
import { fail, ok, skipped, warn } from './check.ts';
import { formatResult, summarize, toJson } from './report.ts';
import type { CheckResult } from './run-checks.ts';

const check = { id: 'relays', what: 'Relay', why: 'Nothing arrives.' };
const plain = (_style: unknown, text: string): string => text;
const of = (finding: CheckResult['finding']): CheckResult => ({ check, finding });

group(formatResult, () => {
  it('is one line if nothing is wrong', () => {
    expect(formatResult(of(ok('wss://a.example: connected')), plain)).toBe(
      '✓ Relay         wss://a.example: connected',
    );
  });

  it('adds why it matters and the next step if something is wrong', () => {
    expect(formatResult(of(fail('gone', 'Take another.')), plain)).toBe(
      '✗ Relay         gone\n    why   Nothing arrives.\n    next  Take another.',
    );
  });

  it('shows text by relays and files without deceptive characters', () => {
    const text = formatResult(
      of(warn('it says “\u001b[2J\u202egone\n✓ Relay ok”', 'Open /tmp/a\u0007b')),
      plain,
    );
    for (const char of '\u001b\u202e\u0007') expect(text).not.toContain(char);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('\\u{1b}[2J\\u{202e}gone\\u{a}✓ Relay ok');
  });
});

group(summarize, () => {
  it('counts, and mentions warnings only if there are any', () => {
    expect(summarize([of(ok('a')), of(ok('b')), of(skipped('c'))])).toBe('2 ok, 0 failed, 1 skipped');
    expect(summarize([of(warn('a', 'b')), of(fail('c', 'd'))])).toBe('0 ok, 1 warning, 1 failed, 0 skipped');
  });
});

group(toJson, () => {
  it('is ok with warnings, but not with a failure', () => {
    expect(toJson([of(warn('a', 'b')), of(ok('c'))]).ok).toBe(true);
    expect(toJson([of(ok('c')), of(fail('a', 'b'))]).ok).toBe(false);
  });

  it('cleans its texts too, as programs print them', () => {
    expect(toJson([of(fail('\u001b[31m', '\u0007'))]).checks[0]).toMatchObject({
      found: '\\u{1b}[31m',
      next_step: '\\u{7}',
    });
  });
});
