import { describe, expect, it } from 'vitest';
import { openSql, PAGE_BYTES, RESERVED_BYTES } from '../sql/sql.ts';
import { decryptImage, encryptImage } from './sqlcipher.ts';

const KEY = new Uint8Array(32).fill(9);

/** A database of several pages. */
async function someImage(): Promise<Uint8Array> {
  const sql = await openSql(null);
  sql.script('CREATE TABLE t(a TEXT)');
  for (let n = 0; n < 20; n++) sql.run('INSERT INTO t VALUES(?)', [`${n} ${'x'.repeat(1000)}`]);
  const image = sql.image();
  sql.close();
  return image;
}

const rowsOf = async (image: Uint8Array): Promise<number> => {
  const sql = await openSql(image);
  expect(sql.one('PRAGMA integrity_check')).toEqual(['ok']);
  const rows = Number(sql.one('SELECT count(*) FROM t')?.[0]);
  sql.close();
  return rows;
};

describe(encryptImage, () => {
  it('returns an image that decrypts to the same database', async () => {
    const image = await someImage();
    expect(image.length).toBeGreaterThan(4 * PAGE_BYTES);
    const opened = decryptImage(encryptImage(image, KEY), KEY);
    const usable = PAGE_BYTES - RESERVED_BYTES;
    for (let start = 0; start < image.length; start += PAGE_BYTES) {
      expect(opened.subarray(start, start + usable)).toEqual(
        Buffer.from(image.subarray(start, start + usable)),
      );
    }
    expect(await rowsOf(opened)).toBe(20);
  });

  it('returns other bytes each time, and no plaintext', async () => {
    const image = await someImage();
    const [one, other] = [encryptImage(image, KEY), encryptImage(image, KEY)];
    expect(one.subarray(0, 16)).not.toEqual(other.subarray(0, 16));
    for (let start = 0; start < one.length; start += PAGE_BYTES) {
      expect(one.subarray(start, start + 64)).not.toEqual(other.subarray(start, start + 64));
    }
    expect(one.includes('xxxxxxxx')).toBe(false);
    expect(one.includes('SQLite format')).toBe(false);
  });

  it('refuses an image without reserved bytes', async () => {
    const image = await someImage();
    image[20] = 0;
    expect(() => encryptImage(image, KEY)).toThrow(/no room/);
  });
});

describe(decryptImage, () => {
  it('names the page with a flipped bit, anywhere in the page', async () => {
    const sealed = encryptImage(await someImage(), KEY);
    const places = {
      salt: 0,
      'ciphertext of page 1': 100,
      'ciphertext of page 3': 2 * PAGE_BYTES + 5,
      'vector of page 3': 3 * PAGE_BYTES - RESERVED_BYTES,
      'HMAC of page 3': 3 * PAGE_BYTES - 1,
      'vector of the last page': sealed.length - RESERVED_BYTES,
      'HMAC of the last page': sealed.length - 1,
    };
    for (const [where, at] of Object.entries(places)) {
      const flipped = Buffer.from(sealed);
      flipped[at] = (flipped[at] as number) ^ 1;
      expect(() => decryptImage(flipped, KEY), where).toThrow(
        `page ${Math.floor(at / PAGE_BYTES) + 1} is damaged`,
      );
    }
  });

  it('refuses another key', async () => {
    const sealed = encryptImage(await someImage(), KEY);
    expect(() => decryptImage(sealed, new Uint8Array(32).fill(8))).toThrow(/page 1 is damaged, or the key/);
  });

  it('refuses a file that was truncated inside a page, or is empty', async () => {
    const sealed = encryptImage(await someImage(), KEY);
    for (const length of [0, 1, PAGE_BYTES - 1, sealed.length - 1]) {
      expect(() => decryptImage(sealed.subarray(0, length), KEY)).toThrow(/damaged/);
    }
  });

  it('refuses swapped pages, and pages of another snapshot of the same database', async () => {
    const image = await someImage();
    const sealed = encryptImage(image, KEY);
    const page = (bytes: Buffer, number: number) =>
      bytes.subarray((number - 1) * PAGE_BYTES, number * PAGE_BYTES);
    const swapped = Buffer.from(sealed);
    page(sealed, 2).copy(swapped, 2 * PAGE_BYTES);
    expect(() => decryptImage(swapped, KEY)).toThrow(/page 3/);
    const mixed = Buffer.from(sealed);
    page(encryptImage(image, KEY), 2).copy(mixed, PAGE_BYTES);
    expect(() => decryptImage(mixed, KEY)).toThrow(/page 2/);
  });
});
