import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-cbc';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** NIP-04: AES-256-CBC under the shared x coordinate, `<base64>?iv=<base64>`. No MAC: the event's signature is all there is. */
export function sealNip04(sharedX: Uint8Array, plaintext: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv(ALGORITHM, sharedX, iv);
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return `${sealed.toString('base64')}?iv=${iv.toString('base64')}`;
}

/** Throws for anything that was not sealed with this secret. */
export function openNip04(sharedX: Uint8Array, payload: string): string {
  const [sealed = '', iv = ''] = payload.split('?iv=');
  const decipher = createDecipheriv(ALGORITHM, sharedX, Buffer.from(iv, 'base64'));
  return utf8.decode(Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]));
}
