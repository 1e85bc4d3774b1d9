import { readFileSync, statSync } from 'node:fs';
import { type LaunchdJob, readJob } from './job-keys.ts';
import { readPlist } from './plist-reader.ts';
import { createRunningJob, type JobEnvironment, type RunningJob } from './running-job.ts';

export interface Reply {
  readonly code: number;
  readonly text: string;
}

export interface LaunchctlOptions extends JobEnvironment {
  readonly uid: number;
  /** Time for which a label stays in use after its process has ended. */
  readonly teardownMs: number;
}

/** Subcommands of launchctl with its exit codes, for one `gui` domain. */
export function createLaunchctl(options: LaunchctlOptions) {
  const { uid, clock, teardownMs } = options;
  const domain = `gui/${uid}`;
  const jobs = new Map<string, RunningJob>();
  const tearing = new Set<string>();
  const disabled = new Set<string>();

  const labelOf = (target = ''): string =>
    target.startsWith(`${domain}/`) ? target.slice(domain.length + 1) : '';
  const ok: Reply = { code: 0, text: '' };
  const failed = (what: string, code: number, why: string): Reply => ({
    code,
    text: `${what} failed: ${code}: ${why}`,
  });
  const notFound = (label: string): Reply => ({
    code: 113,
    text: `Could not find service "${label}" in domain for user gui: ${uid}`,
  });

  function bootstrap(target: string, path = ''): Reply {
    const refuse = (code: number, why: string): Reply => failed('Bootstrap', code, why);
    if (target !== domain) return refuse(125, 'Domain does not support specified action');
    let job: LaunchdJob;
    try {
      const { uid: owner, mode } = statSync(path);
      if (owner !== uid || (mode & 0o022) !== 0 || (mode & 0o044) !== 0o044)
        return refuse(122, 'Path had bad ownership/permissions');
      job = readJob(readPlist(readFileSync(path, 'utf8')));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      return isMissing
        ? refuse(2, 'No such file or directory')
        : refuse(109, `Invalid property list (${error})`);
    }
    const { Label: label } = job;
    if (tearing.has(label)) return refuse(5, 'Input/output error');
    if (jobs.has(label)) return refuse(37, 'Operation already in progress');
    if (disabled.has(label)) return refuse(119, 'Service is disabled');
    const running = createRunningJob(job, options);
    jobs.set(label, running);
    if (job.RunAtLoad || job.KeepAlive) running.start();
    return ok;
  }

  function bootout(target = ''): Reply {
    const label = labelOf(target);
    const job = jobs.get(label);
    if (!job) return failed('Boot-out', 3, 'No such process');
    jobs.delete(label);
    tearing.add(label);
    void job.end().then(() => clock.after(teardownMs, () => tearing.delete(label)));
    return ok;
  }

  function print(target = ''): Reply {
    const label = labelOf(target);
    const job = jobs.get(label);
    if (!job) return notFound(label);
    const lines = [
      `state = ${job.state}`,
      `program = ${job.job.ProgramArguments[0]}`,
      `runs = ${job.runs}`,
      ...(job.pid ? [`pid = ${job.pid}`] : []),
      `last exit code = ${job.lastExit}`,
    ];
    return { code: 0, text: `${target} = {\n${lines.map((line) => `\t${line}\n`).join('')}}` };
  }

  function kickstart(args: readonly string[]): Reply {
    const label = labelOf(args.at(-1));
    const job = jobs.get(label);
    if (!job) return notFound(label);
    if (args.includes('-k')) job.kick();
    else job.start();
    return ok;
  }

  return {
    /** Runs one call of launchctl. */
    call([verb, ...args]: readonly string[]): Reply {
      switch (verb) {
        case 'bootstrap':
          return bootstrap(args[0] ?? '', args[1]);
        case 'bootout':
          return bootout(args[0]);
        case 'print':
          return print(args[0]);
        case 'kickstart':
          return kickstart(args);
        case 'enable':
          disabled.delete(labelOf(args[0]));
          return ok;
        case 'disable':
          disabled.add(labelOf(args[0]));
          return ok;
        case 'list':
          return {
            code: 0,
            text: [...jobs].map(([label, job]) => `${job.pid ?? '-'}\t0\t${label}`).join('\n'),
          };
        default:
          return { code: 64, text: `Unrecognized subcommand: ${verb}` };
      }
    },
    end: () => Promise.all([...jobs.values()].map((job) => job.end())),
  };
}
