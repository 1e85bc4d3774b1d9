import { type ParsedUrlQuery, parse } from 'node:querystring';
import { notUtf8 } from './utf8.ts';

/**
 * Reads the fields of a query.
 * @throws OcmeshError `invalid_request` if it is not UTF-8: the search would be for another text
 */
export function readQuery(query: string): ParsedUrlQuery {
  if (!isUtf8(query)) throw notUtf8('query');
  return parse(query);
}

function isUtf8(query: string): boolean {
  try {
    // A percent sign alone stands for itself.
    decodeURIComponent(query.replace(/%(?![0-9a-f]{2})/gi, '%25'));
    return true;
  } catch {
    return false;
  }
}
