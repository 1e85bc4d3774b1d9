/** A value of a property list; only the types that a launchd job uses. */
export type PlistValue = string | number | boolean | PlistValue[] | PlistDict;
export interface PlistDict {
  [key: string]: PlistValue;
}

const TOKEN = /\s*(?:<(\/?)([a-z]+)(\/?)>|([^<]+))/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Parses a property list strictly. @throws Error for anything that Apple's grammar does not allow */
export function readPlist(text: string): PlistValue {
  const body =
    /^<\?xml [^>]*\?>\s*<!DOCTYPE plist [^>]*>\s*<plist version="1\.0">([\s\S]*)<\/plist>\s*$/.exec(
      text,
    )?.[1];
  if (body === undefined) throw new Error('no property list');
  let at = 0;

  function next(): { tag: string; kind: 'open' | 'close' | 'empty' } {
    TOKEN.lastIndex = at;
    const [all = '', slash, tag, empty, stray] = TOKEN.exec(body as string) ?? [];
    if (!tag || stray !== undefined) throw new Error(`unexpected text at ${at}`);
    at += all.length;
    return { tag, kind: slash ? 'close' : empty ? 'empty' : 'open' };
  }

  function content(tag: string): string {
    const end = (body as string).indexOf('<', at);
    const raw = (body as string).slice(at, end);
    at = end;
    const { tag: closing, kind } = next();
    if (kind !== 'close' || closing !== tag) throw new Error(`<${tag}> is not closed`);
    if (/&(?!(?:lt|gt|amp|quot|apos);)/.test(raw)) throw new Error(`raw & in <${tag}>`);
    return raw.replace(/&([a-z]+);/g, (_, name: string) => ENTITIES[name] ?? '');
  }

  /** Returns the value that begins with this token; undefined at the end of its container. */
  function value({ tag, kind } = next()): PlistValue | undefined {
    if (kind === 'close') return undefined;
    if (kind === 'empty' && (tag === 'true' || tag === 'false')) return tag === 'true';
    if (kind === 'open' && tag === 'string') return content(tag);
    if (kind === 'open' && tag === 'integer') {
      const digits = content(tag);
      if (!/^-?(0|[1-9]\d*)$/.test(digits)) throw new Error(`${digits} is not an integer`);
      return Number(digits);
    }
    if (kind === 'open' && tag === 'array') return [...items()];
    if (kind === 'open' && tag === 'dict') return Object.fromEntries(entries());
    throw new Error(`unexpected <${tag}>`);
  }

  function* items(): Generator<PlistValue> {
    for (let item = value(); item !== undefined; item = value()) yield item;
  }

  function* entries(): Generator<[string, PlistValue]> {
    for (;;) {
      const token = next();
      if (token.kind === 'close') return;
      if (token.tag !== 'key') throw new Error(`<${token.tag}> where a key must be`);
      const key = content('key');
      const item = value();
      if (item === undefined) throw new Error(`${key} has no value`);
      yield [key, item];
    }
  }

  const whole = value();
  if (whole === undefined || (body as string).slice(at).trim() !== '') throw new Error('not one value');
  return whole;
}
