import { execFile } from 'node:child_process';

/**
 * Runs a command to its end; never rejects.
 * @param {string} program @param {readonly string[]} args @param {Readonly<Record<string, string>>} env
 * @returns {Promise<{ code: number, text: string }>}
 */
export const run = (program, args, env) =>
  new Promise((resolve) => {
    execFile(program, args, { env, timeout: 600_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, text: stdout + stderr });
    });
  });
