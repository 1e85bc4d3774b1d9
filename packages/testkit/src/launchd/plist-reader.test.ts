import { describe, expect, test } from 'vitest';
import { readJob } from './job-keys.ts';
import { readPlist } from './plist-reader.ts';

const plist = (value: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "x" "y">\n<plist version="1.0">\n${value}\n</plist>\n`;
const job = (keys: string): string =>
  plist(
    `<dict><key>Label</key><string>l</string><key>ProgramArguments</key><array><string>/p</string></array>${keys}</dict>`,
  );

test('reads all types that a job uses', () => {
  const value =
    '<dict><key>a &amp; b</key><array><string> &lt;&gt;"\' </string><integer>-3</integer><true/></array></dict>';
  expect(readPlist(plist(value))).toEqual({ 'a & b': [' <>"\' ', -3, true] });
});

test.each([
  ['a raw &', '<string>a & b</string>'],
  ['an invalid integer', '<integer>five</integer>'],
  ['an octal integer', '<integer>0077</integer>'],
  ['a key without a value', '<dict><key>a</key></dict>'],
  ['a value without a key', '<dict><true/></dict>'],
  ['an unknown tag', '<number>1</number>'],
  ['two values', '<true/><true/>'],
  ['nothing', ''],
  ['stray text', 'x<true/>'],
  ['a tag that stays open', '<array><true/>'],
])('refuses %s', (_, value) => {
  expect(() => readPlist(plist(value))).toThrow();
});

test('refuses a truncated file', () => {
  const whole = job('');
  for (let length = 0; length < whole.length - 1; length += 7)
    expect(() => readPlist(whole.slice(0, length))).toThrow();
});

describe('the keys of a job', () => {
  const read = (keys: string) => readJob(readPlist(job(keys)));

  test.each([
    '<key>KeepAlive</key><true/>',
    '<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    '<key>Umask</key><integer>63</integer>',
  ])('may be %s', (keys) => {
    expect(read(keys).Label).toBe('l');
  });

  test.each([
    ['KeepAlive', '<key>KeepAlive</key><dict><key>NetworkState</key><true/></dict>'],
    ['Umask', '<key>Umask</key><string>077</string>'],
    ['RunAtLoad', '<key>RunAtLoad</key><string>yes</string>'],
    ['StandardErrorPath', '<key>StandardErrorPath</key><string>log</string>'],
    ['ExitTimeOut', '<key>ExitTimeOut</key><integer>0</integer>'],
    ['KeepAlife', '<key>KeepAlife</key><true/>'],
  ])('may not be a wrong %s', (name, keys) => {
    expect(() => read(keys)).toThrow(name);
  });
});
