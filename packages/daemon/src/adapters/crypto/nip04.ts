import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-cbc';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encrypts by NIP-04: AES-256-CBC with the shared x coordinate, as `<base64>?iv=<base64>`. There is no MAC, only the event's signature. */
export function sealNip04(sharedX: Uint8Array, plaintext: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv(ALGORITHM, sharedX, iv);
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return `${sealed.toString('base64')}?iv=${iv.toString('base64')}`;
}

/** Decrypts by NIP-04. @throws if it was not encrypted with this secret */
export function openNip04(sharedX: Uint8Array, payload: string): string {
  const [sealed = '', iv = ''] = payload.split('?iv=');
  const decipher = createDecipheriv(ALGORITHM, sharedX, Buffer.from(iv, 'base64'));
  return utf8.decode(Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]));
}
