import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

// One file: "OCMESHBK", format, scrypt salt, nonce, then AES-256-GCM of the database image. The header is authenticated.

const MAGIC = 'OCMESHBK';
const FORMAT = 1;
const SALT_AT = 12;
const NONCE_AT = 28;
const HEADER_BYTES = 40;
const TAG_BYTES = 16;
/** 128 MB and half a second: the cost of each guess of the passphrase. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

const derive = promisify<string, Uint8Array, number, typeof SCRYPT, Buffer>(scrypt);

export async function sealBackup(image: Uint8Array, passphrase: string): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32BE(FORMAT, 8);
  randomBytes(HEADER_BYTES - SALT_AT).copy(header, SALT_AT);
  const key = await derive(passphrase.normalize('NFKC'), header.subarray(SALT_AT, NONCE_AT), 32, SCRYPT);
  const cipher = createCipheriv('aes-256-gcm', key, header.subarray(NONCE_AT)).setAAD(header);
  return Buffer.concat([header, cipher.update(image), cipher.final(), cipher.getAuthTag()]);
}

/** Returns the database image; null if the passphrase is wrong or the file is damaged. @throws if it is not a backup */
export async function openBackup(bytes: Buffer, passphrase: string): Promise<Buffer | null> {
  const header = bytes.subarray(0, HEADER_BYTES);
  if (bytes.length < HEADER_BYTES + TAG_BYTES || header.toString('latin1', 0, 8) !== MAGIC) {
    throw new Error('it is not an ocmesh backup');
  }
  if (header.readUInt32BE(8) !== FORMAT) throw new Error('a newer ocmesh wrote it');
  const key = await derive(passphrase.normalize('NFKC'), header.subarray(SALT_AT, NONCE_AT), 32, SCRYPT);
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(NONCE_AT))
    .setAAD(header)
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES, end)), decipher.final()]);
  } catch {
    return null;
  }
}
