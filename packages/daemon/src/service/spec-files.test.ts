import { readPlist as readAnyPlist, readJob } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/support/refusal.ts';
import { readPlist, renderPlist } from './plist.ts';
import { createServiceSpec, type ServiceSpec } from './service-spec.ts';
import { readUnit, renderUnit } from './unit.ts';

/** Folder names with all characters that are special in XML, units and shells. */
const nasty = fc
  .string({ unit: fc.constantFrom(...`a /&<>'"\\%$@;#=~éñ漢`), minLength: 1, maxLength: 12 })
  .map((name) => `/h${name}x`);
const specs = fc
  .record({ home: nasty, nodePath: nasty, watchdogSec: fc.integer({ min: 1, max: 3600 }) })
  .map(createServiceSpec);

const plain = createServiceSpec({ home: '/home/a/.ocmesh', nodePath: '/usr/bin/node', watchdogSec: 60 });

describe('the plist', () => {
  it('contains the spec in the types that launchd expects, for any path', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const job = readJob(readAnyPlist(renderPlist(spec)));
        expect(job.ProgramArguments.slice(0, 3)).toEqual([spec.nodePath, spec.program, 'start']);
        expect(job.EnvironmentVariables).toEqual(spec.environment);
        expect(job.WorkingDirectory).toBe(spec.workingDirectory);
        expect(job.StandardErrorPath).toBe(spec.errorLog);
      }),
    );
  });

  it('restarts the daemon however it ends, avoids App Nap, and makes files for the owner only', () => {
    expect(readJob(readAnyPlist(renderPlist(plain)))).toMatchObject({
      Label: 'com.ocmesh.daemon',
      RunAtLoad: true,
      KeepAlive: true,
      ThrottleInterval: 5,
      ProcessType: 'Interactive',
      Umask: 63,
    });
  });

  it('hands NODE_EXTRA_CA_CERTS on, as the unit does', () => {
    fc.assert(
      fc.property(nasty, (extraCaCerts) => {
        const spec = createServiceSpec({ home: '/h', nodePath: '/n', watchdogSec: 60, extraCaCerts });
        const job = readJob(readAnyPlist(renderPlist(spec)));
        expect(job.EnvironmentVariables).toEqual({ OCMESH_HOME: '/h', NODE_EXTRA_CA_CERTS: extraCaCerts });
        const [line = ''] = /^Environment="NODE_EXTRA_CA_CERTS=.*$/m.exec(renderUnit(spec)) ?? [];
        expect(wordsOf(line)).toEqual([`NODE_EXTRA_CA_CERTS=${extraCaCerts}`]);
        expect(readUnit(renderUnit(spec))).toEqual({ home: '/h', nodePath: '/n' });
        expect(readPlist(renderPlist(spec))).toEqual({ home: '/h', nodePath: '/n' });
      }),
    );
  });

  it('contains only the path of the home, no settings and no secrets', () => {
    expect(plain.environment).toEqual({ OCMESH_HOME: '/home/a/.ocmesh' });
  });
});

/** Splits a command line as systemd.service(5) does. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ''], index) => {
    const text = word.replace(/\\(.)/g, '$1').replaceAll('%%', '%');
    // Variables are expanded in arguments only.
    return index === 0 ? text : text.replaceAll('$$', '$');
  });
}

describe('the unit', () => {
  const commandIn = (spec: ServiceSpec): string[] =>
    wordsOf(/^ExecStart=(.*)$/m.exec(renderUnit(spec))?.[1] ?? '');

  it('contains the spec, for any path', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const { nodePath, program } = spec;
        const words = commandIn(spec);
        expect(words.filter((word) => word !== '/usr/bin/env')).toEqual([
          nodePath,
          program,
          'start',
          '--supervisor=systemd',
        ]);
        // systemd refuses a program with these characters.
        expect(words[0]).not.toMatch(/["'\\]/);
      }),
    );
  });

  it('lets glibc give freed memory back', () => {
    const [line = ''] = /^Environment=MALLOC.*$/m.exec(renderUnit(plain)) ?? [];
    expect(line).toBe('Environment=MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072');
    expect(renderPlist(plain)).not.toContain('MALLOC');
  });

  it('restarts the daemon without limit, except after exit code 78, and has a watchdog', () => {
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

  it('uses no setting that breaks Node', () => {
    expect(renderUnit(plain)).not.toMatch(
      /MemoryDenyWriteExecute|SystemCallFilter|PrivateDevices|CapabilityBoundingSet/,
    );
  });
});

it('reads back a plist or unit of ours, and no other', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const installed = { nodePath: spec.nodePath, home: spec.environment['OCMESH_HOME'] };
      expect(readPlist(renderPlist(spec))).toEqual(installed);
      expect(readUnit(renderUnit(spec))).toEqual(installed);
    }),
  );
  expect(readPlist('<plist/>')).toBeNull();
  expect(readUnit('[Service]\nExecStart=/bin/true\n')).toBeNull();
});

it('refuses a home whose name cannot be written into a plist or unit', () => {
  const { message } = refusal(() => createServiceSpec({ home: '/a\nb', nodePath: '/n', watchdogSec: 1 }));
  expect(message).toContain('control character');
  const spec = { home: '/a', nodePath: '/n', watchdogSec: 1, extraCaCerts: '/c\nEnvironment=X=1' };
  expect(refusal(() => createServiceSpec(spec)).message).toContain('control character');
});
