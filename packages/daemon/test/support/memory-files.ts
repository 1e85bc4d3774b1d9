import { basename } from 'node:path';
import type { Files, OpenFile } from '../../src/adapters/store/engine/files.ts';

/** One file operation. */
export type FileOperation =
  | { readonly op: 'create'; readonly path: string; readonly inode: number }
  | { readonly op: 'write'; readonly inode: number; readonly position: number; readonly bytes: Buffer }
  /** Covers only the first `after` operations: those made before the sync was requested. */
  | { readonly op: 'sync'; readonly inode: number; readonly after: number }
  | { readonly op: 'rename'; readonly path: string; readonly to: string }
  | { readonly op: 'link'; readonly path: string; readonly to: string }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'syncFolder'; readonly after: number }
  /** Added by the test: a change was acknowledged. */
  | { readonly op: 'acknowledged'; readonly id: string };

export interface MemoryFiles extends Files {
  /** Returns the content of all files by path. */
  readonly contents: () => Map<string, Buffer>;
  readonly operations: FileOperation[];
  /**
   * Called before each operation with its name, its number, and whether it makes a file longer. If it throws, the
   * operation throws the same. A write first writes the part `written` (0 to 1) of its data.
   */
  fail: (operation: string, count: number, grows: boolean) => void;
}

/** A disk in memory that records all operations. */
export function createMemoryFiles(initial: ReadonlyMap<string, Buffer> = new Map()): MemoryFiles {
  const names = new Map<string, number>();
  const inodes = new Map<number, Buffer>();
  const operations: FileOperation[] = [];
  let count = 0;

  for (const [path, bytes] of initial) {
    names.set(path, inodes.size + 1);
    inodes.set(inodes.size + 1, Buffer.from(bytes));
  }

  const at = (path: string): number => {
    const inode = names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return inode;
  };
  const begin = (operation: string, grows = false): void => self.fail(operation, ++count, grows);

  const self: MemoryFiles = {
    operations,
    fail: () => {},
    contents: () => new Map([...names].map(([path, inode]) => [path, inodes.get(inode) as Buffer])),
    read(path) {
      begin('read');
      const inode = names.get(path);
      return inode === undefined ? null : Buffer.from(inodes.get(inode) as Buffer);
    },
    list() {
      begin('list');
      return [...names.keys()].map((path) => basename(path));
    },
    create(path) {
      begin('create', true);
      if (names.has(path)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
      const inode = inodes.size + 1;
      names.set(path, inode);
      inodes.set(inode, Buffer.alloc(0));
      operations.push({ op: 'create', path, inode });
      return openFile(inode);
    },
    rename(path, to) {
      begin('rename');
      const inode = at(path);
      names.delete(path);
      names.set(to, inode);
      operations.push({ op: 'rename', path, to });
    },
    link(path, to) {
      begin('link');
      names.set(to, at(path));
      operations.push({ op: 'link', path, to });
    },
    remove(path) {
      begin('remove');
      if (!names.delete(path)) return;
      operations.push({ op: 'remove', path });
    },
    async syncFolder() {
      begin('syncFolder');
      const after = operations.length;
      await turn();
      operations.push({ op: 'syncFolder', after });
    },
  };

  function openFile(inode: number): OpenFile {
    const sync = (name: string) => async (): Promise<void> => {
      begin(name);
      const after = operations.length;
      await turn();
      operations.push({ op: 'sync', inode, after });
    };
    function put(bytes: Uint8Array, position: number): void {
      inodes.set(inode, overwrite(inodes.get(inode) as Buffer, position, bytes));
      operations.push({ op: 'write', inode, position, bytes: Buffer.from(bytes) });
    }
    return {
      write(bytes, position) {
        try {
          begin('write', position + bytes.length > (inodes.get(inode) as Buffer).length);
        } catch (error) {
          const { written = 0 } = error as { written?: number };
          if (written > 0) put(bytes.subarray(0, Math.floor(bytes.length * written)), position);
          throw error;
        }
        put(bytes, position);
      },
      sync: sync('sync'),
      datasync: sync('datasync'),
      isLinked: () => [...names.values()].includes(inode),
      close() {},
    };
  }

  return self;
}

/**
 * A disk whose process is killed after this many operations: nothing it tries afterwards reaches the disk, which keeps
 * everything written before, synced or not.
 */
export function createProcess(files: Files, operations = Number.POSITIVE_INFINITY) {
  let left = operations;
  let die = (): void => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  /** The disk as the process sees it. */
  function tries<T>(operation: () => T): T {
    if (--left >= 0) return operation();
    die();
    throw new Error('killed');
  }
  const guarded: Files = {
    read: (path) => tries(() => files.read(path)),
    list: (folder) => tries(() => files.list(folder)),
    create(path) {
      const file = tries(() => files.create(path));
      return {
        write: (bytes, position) => tries(() => file.write(bytes, position)),
        sync: async () => tries(() => file.sync()),
        datasync: async () => tries(() => file.datasync()),
        isLinked: file.isLinked,
        close: () => file.close(),
      };
    },
    rename: (from, to) => tries(() => files.rename(from, to)),
    link: (from, to) => tries(() => files.link(from, to)),
    remove: (path) => tries(() => files.remove(path)),
    syncFolder: async (folder) => tries(() => files.syncFolder(folder)),
  };
  return { files: guarded, died };
}

/** Makes the disk respond in a later turn, as a real one does: changes made meanwhile share the next frame. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function overwrite(content: Buffer, position: number, bytes: Uint8Array): Buffer {
  const needed = position + bytes.length;
  const grown =
    content.length >= needed ? content : Buffer.concat([content, Buffer.alloc(needed - content.length)]);
  grown.set(bytes, position);
  return grown;
}
