import { crc32 } from 'node:zlib';
import { type NostrEvent, parseEvent } from '@ocmesh/shared/wire';

/** What the relay keeps on disk. Everything else follows from these records, applied in their order. */
export type StoredRecord =
  | { readonly event: NostrEvent; readonly bytes: number }
  /** Outlives the deletion request that it comes from, which may be dropped for space. */
  | { readonly deletedKey: string; readonly untilSec: number };

/** Length of the checksum and the blank after it. */
const PREFIX_CHARS = 9;

/** Returns a record as one line: checksum, blank, JSON. */
export function encodeRecord(record: StoredRecord): string {
  const json = JSON.stringify('event' in record ? record.event : [record.deletedKey, record.untilSec]);
  return `${checksum(json)} ${json}\n`;
}

/** Returns the record of a line without its line feed; null if the line is damaged. */
export function decodeRecord(line: string): StoredRecord | null {
  const json = line.slice(PREFIX_CHARS);
  if (json === '' || line.slice(0, PREFIX_CHARS) !== `${checksum(json)} `) return null;
  const value: unknown = JSON.parse(json);
  if (Array.isArray(value)) return { deletedKey: String(value[0]), untilSec: Number(value[1]) };
  const event = parseEvent(value);
  return event && { event, bytes: Buffer.byteLength(json) };
}

const checksum = (json: string): string => crc32(json).toString(16).padStart(8, '0');
