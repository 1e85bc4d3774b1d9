import { readPlist as readAnyPlist, readJob } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/support/refusal.ts';
import { readPlist, renderPlist } from './plist.ts';
import { describeService, type ServiceDescription } from './service-spec.ts';
import { readUnit, renderUnit } from './unit.ts';

/** Folder names with everything that XML, systemd and shells take for their own. */
const nasty = fc
  .string({ unit: fc.constantFrom(...`a /&<>'"\\%$@;#=~éñ漢`), minLength: 1, maxLength: 12 })
  .map((name) => `/h${name}x`);
const descriptions = fc
  .record({ home: nasty, nodePath: nasty, watchdogSec: fc.integer({ min: 1, max: 3600 }) })
  .map(describeService);

const plain = describeService({ home: '/home/a/.ocmesh', nodePath: '/usr/bin/node', watchdogSec: 60 });

describe('the plist', () => {
  it('says what it was given, in the types that launchd wants, whatever the paths are', () => {
    fc.assert(
      fc.property(descriptions, (description) => {
        const job = readJob(readAnyPlist(renderPlist(description)));
        expect(job.ProgramArguments.slice(0, 3)).toEqual([
          description.nodePath,
          description.program,
          'start',
        ]);
        expect(job.EnvironmentVariables).toEqual(description.environment);
        expect(job.WorkingDirectory).toBe(description.workingDirectory);
        expect(job.StandardErrorPath).toBe(description.errorLog);
      }),
    );
  });

  it('keeps the daemon alive whatever ends it, unthrottled by App Nap, with files for the owner alone', () => {
    expect(readJob(readAnyPlist(renderPlist(plain)))).toMatchObject({
      Label: 'com.ocmesh.daemon',
      RunAtLoad: true,
      KeepAlive: true,
      ThrottleInterval: 5,
      ProcessType: 'Interactive',
      Umask: 63,
    });
  });

  it('holds no setting and no secret: only where the home is', () => {
    expect(plain.environment).toEqual({ OCMESH_HOME: '/home/a/.ocmesh' });
  });
});

/** The words of a command line, as systemd.service(5) reads them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ''], index) => {
    const text = word.replace(/\\(.)/g, '$1').replaceAll('%%', '%');
    // Variables are expanded in arguments only.
    return index === 0 ? text : text.replaceAll('$$', '$');
  });
}

describe('the unit', () => {
  const commandIn = (description: ServiceDescription): string[] =>
    wordsOf(/^ExecStart=(.*)$/m.exec(renderUnit(description))?.[1] ?? '');

  it('says what it was given, whatever the paths are', () => {
    fc.assert(
      fc.property(descriptions, (description) => {
        const { nodePath, program } = description;
        const words = commandIn(description);
        expect(words.filter((word) => word !== '/usr/bin/env')).toEqual([
          nodePath,
          program,
          'start',
          '--supervisor=systemd',
        ]);
        // systemd refuses such a program.
        expect(words[0]).not.toMatch(/["'\\]/);
      }),
    );
  });

  it('is restarted for ever, but not after exit code 78, and watched', () => {
    const unit = renderUnit(plain);
    for (const line of [
      'Type=notify',
      'Restart=always',
      'StartLimitIntervalSec=0',
      'RestartPreventExitStatus=78',
      'WatchdogSec=60',
      'UMask=0077',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
  });

  it('uses nothing that Node cannot live with', () => {
    expect(renderUnit(plain)).not.toMatch(
      /MemoryDenyWriteExecute|SystemCallFilter|PrivateDevices|CapabilityBoundingSet/,
    );
  });
});

it('what a plist or unit says can be read back', () => {
  fc.assert(
    fc.property(descriptions, (description) => {
      const installed = { nodePath: description.nodePath, home: description.environment['OCMESH_HOME'] };
      expect(readPlist(renderPlist(description))).toEqual(installed);
      expect(readUnit(renderUnit(description))).toEqual(installed);
    }),
  );
  expect(readPlist('<plist/>')).toBeNull();
  expect(readUnit('[Service]\nExecStart=/bin/true\n')).toBeNull();
});

it('refuses a home whose name no service manager can write down', () => {
  const { message } = refusal(() => describeService({ home: '/a\nb', nodePath: '/n', watchdogSec: 1 }));
  expect(message).toContain('control character');
});
