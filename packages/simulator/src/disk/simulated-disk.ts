import { basename, dirname } from 'node:path';
import type { Files, OpenFile } from '../../../daemon/src/adapters/store/engine/files.ts';
import type { Chance } from '../chance.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { survivorsOf, type Write } from './survivors.ts';

/** Milliseconds that a healthy disk takes to sync. */
const SYNC_MS = { from: 1, to: 12 };

/** The disk of one machine: keeps what was synced, and of the rest what a crash leaves. */
export interface SimulatedDisk {
  /** Opens the disk for one process. `onCrash` is called when the operation comes at which the process is to die. */
  forProcess(onCrash: (how: CrashKind) => void): Files & { end(): void };
  /** Makes the process die at this file operation from now. */
  crashAt(operations: number, how: CrashKind): void;
  /** Whether a file may grow. */
  setFull(isFull: boolean): void;
  /** Delays every sync by this much more. */
  setSlow(ms: number): void;
  /** Loses of what was not synced what a power cut loses. */
  cutPower(): void;
  /** Returns another disk with the same files. */
  copy(chance: Chance): SimulatedDisk;
  /** Removes all files. */
  wipe(): void;
  operations(): number;
}

/** A killed process leaves what it wrote to the system; a power cut does not. */
export type CrashKind = 'kill' | 'power cut';

interface Inode {
  /** As processes see it. */
  content: Buffer;
  /** As it is on disk for sure. */
  synced: Buffer;
  unsynced: Write[];
}

type NameChange = (names: Map<string, Inode>) => void;

export function createSimulatedDisk(
  virtual: VirtualClock,
  chance: Chance,
  initial: ReadonlyMap<string, Buffer> = new Map(),
): SimulatedDisk {
  const names = new Map<string, Inode>();
  let syncedNames = new Map<string, Inode>();
  let unsyncedChanges: NameChange[] = [];
  let isFull = false;
  let slowMs = 0;
  let operations = 0;
  let crash: { left: number; readonly how: CrashKind } | null = null;

  for (const [path, bytes] of initial)
    names.set(path, { content: Buffer.from(bytes), synced: Buffer.from(bytes), unsynced: [] });
  syncedNames = new Map(names);

  function change(apply: NameChange): void {
    apply(names);
    unsyncedChanges.push(apply);
  }

  const syncMs = (): number => chance.between(SYNC_MS.from, SYNC_MS.to) + slowMs;

  function forProcess(onCrash: (how: CrashKind) => void) {
    let isOver = false;

    /** Counts an operation. Throws if the process is dead, or dies here. */
    function begin(): void {
      if (isOver) throw new Error('the process has ended');
      operations++;
      if (!crash || --crash.left > 0) return;
      const { how } = crash;
      crash = null;
      isOver = true;
      onCrash(how);
      throw new Error('the process has ended');
    }

    /** Resolves when the disk responds; never, if the process is dead by then. */
    const respond = (then: () => void): Promise<void> =>
      new Promise((resolve) => {
        virtual.at(virtual.now() + syncMs(), () => {
          if (isOver) return;
          then();
          resolve();
        });
      });

    function inodeAt(path: string): Inode {
      const inode = names.get(path);
      if (!inode) throw systemError('ENOENT', path);
      return inode;
    }

    function open(inode: Inode): OpenFile {
      async function sync(): Promise<void> {
        begin();
        const covered = [...inode.unsynced];
        await respond(() => {
          for (const write of covered) inode.synced = overwrite(inode.synced, write);
          inode.unsynced = inode.unsynced.filter((write) => !covered.includes(write));
        });
      }
      return {
        write(bytes, position) {
          const write = { position, bytes: Buffer.from(bytes) };
          const grows = position + bytes.length > inode.content.length;
          const wasAlive = !isOver;
          try {
            begin();
          } catch (error) {
            // Dies half-way. A process that was dead before writes nothing.
            if (wasAlive)
              put(inode, { position, bytes: write.bytes.subarray(0, chance.below(bytes.length)) });
            throw error;
          }
          if (isFull && grows) throw systemError('ENOSPC', 'write');
          put(inode, write);
        },
        sync,
        datasync: sync,
        isLinked: () => [...names.values()].includes(inode),
        close() {},
      };
    }

    return {
      read(path: string) {
        begin();
        const inode = names.get(path);
        return inode ? Buffer.from(inode.content) : null;
      },
      list(folder: string) {
        begin();
        return [...names.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
      },
      create(path: string) {
        begin();
        if (names.has(path)) throw systemError('EEXIST', path);
        if (isFull) throw systemError('ENOSPC', path);
        const inode: Inode = { content: Buffer.alloc(0), synced: Buffer.alloc(0), unsynced: [] };
        change((all) => all.set(path, inode));
        return open(inode);
      },
      rename(from: string, to: string) {
        begin();
        const inode = inodeAt(from);
        change((all) => {
          if (all.get(from) === inode) all.delete(from);
          all.set(to, inode);
        });
      },
      link(from: string, to: string) {
        begin();
        const inode = inodeAt(from);
        change((all) => all.set(to, inode));
      },
      remove(path: string) {
        begin();
        if (names.has(path)) change((all) => all.delete(path));
      },
      async syncFolder() {
        begin();
        const covered = [...unsyncedChanges];
        await respond(() => {
          for (const apply of covered) if (unsyncedChanges.includes(apply)) apply(syncedNames);
          unsyncedChanges = unsyncedChanges.filter((apply) => !covered.includes(apply));
        });
      },
      end() {
        isOver = true;
      },
    };
  }

  return {
    forProcess,
    crashAt(after, how) {
      crash = { left: after, how };
    },
    setFull(full) {
      isFull = full;
    },
    setSlow(ms) {
      slowMs = ms;
    },
    cutPower() {
      const kept = unsyncedChanges.slice(0, chance.below(unsyncedChanges.length + 1));
      for (const apply of kept) apply(syncedNames);
      unsyncedChanges = [];
      names.clear();
      for (const [path, inode] of syncedNames) {
        const survivors = survivorsOf(inode.unsynced, chance);
        for (const write of survivors) inode.synced = overwrite(inode.synced, write);
        inode.unsynced = [];
        inode.content = Buffer.from(inode.synced);
        names.set(path, inode);
      }
    },
    copy: (forCopy) =>
      createSimulatedDisk(
        virtual,
        forCopy,
        new Map([...names].map(([path, { content }]) => [path, content])),
      ),
    wipe() {
      names.clear();
      syncedNames.clear();
      unsyncedChanges = [];
    },
    operations: () => operations,
  };
}

function put(inode: Inode, write: Write): void {
  inode.content = overwrite(inode.content, write);
  inode.unsynced.push(write);
}

function overwrite(content: Buffer, { position, bytes }: Write): Buffer {
  const needed = position + bytes.length;
  const grown =
    content.length >= needed ? content : Buffer.concat([content, Buffer.alloc(needed - content.length)]);
  grown.set(bytes, position);
  return grown;
}

const systemError = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code, errno: -1, syscall: 'simulated' });
