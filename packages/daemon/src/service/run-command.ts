import { execFile } from 'node:child_process';

export interface CommandResult {
  /** 127 where there is no such program, as a shell has it; 124 where it took too long. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunCommand = (
  program: string,
  args: readonly string[],
  options?: { readonly env?: Readonly<Record<string, string>> },
) => Promise<CommandResult>;

/** `systemctl stop` waits for the daemon, which may take its 20 s. */
const PATIENCE_MS = 60_000;

/** Runs a program to its end. Never rejects. */
export const runCommand: RunCommand = (program, args, options = {}) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: PATIENCE_MS, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve({ code: 0, stdout, stderr });
      const { code, killed } = error;
      const number = typeof code === 'number' ? code : killed ? 124 : 127;
      resolve({ code: number, stdout, stderr: stderr || error.message });
    });
  });
