import { rmSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file.ts';

/**
 * Writes `daemon.json`, by which our own clients find the daemon: `{pid, port, url, started_at}`, readable by its owner
 * only.
 * @returns a function that removes it
 */
export function writeDaemonFile(path: string, port: number, startedAt: string): () => void {
  const content = { pid: process.pid, port, url: `http://127.0.0.1:${port}`, started_at: startedAt };
  writeFileAtomically(path, `${JSON.stringify(content)}\n`, 0o600);
  return () => rmSync(path, { force: true });
}
