import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** How our own clients find the daemon: `{pid, port, url, started_at}`, readable by the owner alone. */
export function writeDaemonFile(path: string, port: number, startedAt: string): () => void {
  const temporary = `${path}.new`;
  const content = { pid: process.pid, port, url: `http://127.0.0.1:${port}`, started_at: startedAt };
  writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return () => rmSync(path, { force: true });
}
