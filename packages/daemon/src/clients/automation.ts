import { cleanLine, shellQuoted } from '@ocmesh/shared/text';
import type { RunCommand } from '../service/run-command.ts';

/** An automation of a client's gateway, which only a command of the client can add. */
export interface AutomationSpec {
  readonly program: string;
  /** Finds it again; adding another one with the same key replaces it. */
  readonly key: string;
  /** Arguments that add it. */
  readonly add: readonly string[];
}

export interface Automation {
  /** The command that adds it, for a shell. */
  readonly command: string;
  /** Adds it, or brings it up to date. @returns null, or why not: as a sentence without its full stop */
  add(): Promise<string | null>;
  /** When the client last ran it, or runs it now; `missing` if there is none; else why that is not known. */
  lastRun(): Promise<{ readonly atMs: number } | 'missing' | { readonly problem: string }>;
  /** Removes it. @returns `missing` if there is none, or nothing of the client is installed; else why not, as a sentence */
  remove(): Promise<'removed' | 'missing' | { readonly problem: string }>;
}

/** Characters of what the client's command says about a failure. */
const REASON_CHARS = 160;
/** Exit code of a shell for a program that is not there. */
const NO_PROGRAM = 127;

export function createAutomation(
  { program, key, add }: AutomationSpec,
  { run, env }: { readonly run: RunCommand; readonly env: Readonly<Record<string, string | undefined>> },
): Automation {
  const environment = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const runClient = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await run(program, args, { env: environment });
    if (code === 0) return { stdout };
    const reason = cleanLine(stderr.trim().split('\n')[0] ?? '', REASON_CHARS).replace(/\.$/, '');
    const isMissing = code === NO_PROGRAM;
    return {
      isMissing,
      problem: isMissing
        ? `\`${program}\` is not on the PATH`
        : `\`${program} automations\` ended with ${code}${reason === '' ? '' : `: ${reason}`}`,
    };
  };
  async function list(): Promise<readonly Job[] | 'missing' | { readonly problem: string }> {
    const listed = await runClient(['automations', 'list', '--all', '--json']);
    if ('problem' in listed) return listed.isMissing ? 'missing' : { problem: listed.problem };
    return jobsOf(listed.stdout, key);
  }

  return {
    command: [program, ...add].map(shellQuoted).join(' '),

    async add() {
      const added = await runClient(add);
      return 'problem' in added ? added.problem : null;
    },

    async remove() {
      const jobs = await list();
      if (!isJobs(jobs)) return jobs;
      for (const { id } of jobs) {
        const removed = await runClient(['automations', 'rm', id]);
        if ('problem' in removed) return { problem: removed.problem };
      }
      return jobs.length > 0 ? 'removed' : 'missing';
    },

    async lastRun() {
      const jobs = await list();
      if (!isJobs(jobs)) return jobs;
      const [job] = jobs;
      return job ? { atMs: job.ranAtMs } : 'missing';
    },
  };
}

interface Job {
  readonly id: string;
  /** When it last ran, or began to run; 0 if never. */
  readonly ranAtMs: number;
}

const isJobs = (found: readonly Job[] | 'missing' | { readonly problem: string }): found is readonly Job[] =>
  Array.isArray(found);

/** Finds automations with this key in what the client printed. */
function jobsOf(text: string, key: string): Job[] {
  try {
    const { jobs } = JSON.parse(text) as {
      jobs?: {
        id?: unknown;
        declarationKey?: unknown;
        state?: { lastRunAtMs?: unknown; runningAtMs?: unknown };
      }[];
    };
    return (jobs ?? []).flatMap(({ id, declarationKey, state }) =>
      declarationKey === key && typeof id === 'string'
        ? [{ id, ranAtMs: Math.max(Number(state?.lastRunAtMs ?? 0), Number(state?.runningAtMs ?? 0)) }]
        : [],
    );
  } catch {
    return [];
  }
}
