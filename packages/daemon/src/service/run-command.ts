import { execFile } from 'node:child_process';

export interface CommandResult {
  /** As in a shell: 127 if there is no such program, 124 if it took too long. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunCommand = (
  program: string,
  args: readonly string[],
  options?: { readonly env?: Readonly<Record<string, string>> },
) => Promise<CommandResult>;

/** `systemctl stop` waits for the daemon, which may take 20 s. */
const TIMEOUT_MS = 60_000;

/** Runs a program until it ends. Never rejects. */
export const runCommand: RunCommand = (program, args, options = {}) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: TIMEOUT_MS, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve({ code: 0, stdout, stderr });
      const { code, killed } = error;
      const number = typeof code === 'number' ? code : killed ? 124 : 127;
      resolve({ code: number, stdout, stderr: stderr || error.message });
    });
  });
