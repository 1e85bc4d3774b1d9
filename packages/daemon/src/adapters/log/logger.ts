// The only import of pino.
import { writeSync } from 'node:fs';
import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import { pino, symbols } from 'pino';
import { formatLine } from './line-format.ts';
import { createLogFile } from './log-file.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface FileLog extends Log {
  /** Lines that could not be written since the start. */
  lost(): number;
  /** Writes everything that waits before it returns. */
  close(): void;
}

/**
 * Writes to the log file and, if configured, to standard error. Waiting lines are written when the process ends, unless
 * a signal kills it that cannot be caught.
 * @throws the system's error when the file cannot be opened
 */
export function createFileLog(
  paths: { readonly file: string; readonly archive: string },
  clock: Clock,
  options: { readonly level: LogLevel; readonly toStderr: boolean },
): FileLog {
  const file = createLogFile(paths.file, paths.archive, { clock });
  process.once('exit', file.close);
  const log = createLog(clock, options.level, (line, timeMs) => {
    file.write(line, timeMs);
    if (options.toStderr) writeSync(2, line);
  });
  return {
    ...log,
    lost: file.lost,
    close() {
      process.off('exit', file.close);
      file.close();
    },
  };
}

export const createStderrLog = (clock: Clock, level: LogLevel): Log =>
  createLog(clock, level, (line) => writeSync(2, line));

function createLog(clock: Clock, level: LogLevel, write: (line: string, timeMs: UnixMs) => void): Log {
  const destination = {
    // pino leaves the arguments here, in addition to the JSON it passes to `write`.
    [symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    lastMsg: '',
    lastObj: {},
    lastTime: '',
    write() {
      const timeMs = clock.now();
      const name = logger.levels.labels[destination.lastLevel] ?? '';
      try {
        write(formatLine(timeMs, name, destination.lastMsg, destination.lastObj), timeMs);
      } catch {
        // A closed terminal must not end the daemon: the line is lost.
      }
    },
  };
  const logger = pino({ level, base: null, timestamp: false }, destination);
  const at =
    (name: LogLevel): Log['info'] =>
    (message, fields = {}) =>
      logger[name](fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
