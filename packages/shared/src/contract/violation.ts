import { nearestWord } from '../text/nearest-word.ts';

/** A violation of a JSON Schema, as its validator reports it. */
export interface Violation {
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

/**
 * Describes a violation, as the end of a sentence that starts with the field. Does not repeat the caller's values.
 * @param known names of the fields that exist
 */
export function describeViolation(violations: readonly Violation[], known: readonly string[]): string {
  const [first] = violations;
  if (!first) return 'is not valid';
  const { keyword, params } = first;
  const limit = params['limit'];
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties': {
      const near = nearestWord(String(params['additionalProperty']).slice(0, 64), known);
      return near === null ? 'is unknown' : `is unknown (did you mean ${near}?)`;
    }
    case 'const':
      return `must be ${choices(violations)}`;
    case 'type':
      return `must be ${[params['type']]
        .flat()
        .map((type) => kinds[String(type)] ?? type)
        .join(' or ')}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} items`;
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'uniqueItems':
      return 'must not contain duplicates';
    case 'minProperties':
      return `must have at least ${fields(limit)}`;
    case 'maxProperties':
      return `must have at most ${fields(limit)}`;
    case 'pattern':
      return `must match ${params['pattern']}`;
    default:
      return 'is not valid';
  }
}

const fields = (limit: unknown): string => (limit === 1 ? 'one field' : `${limit} fields`);

/** All words that a union allows. */
function choices(violations: readonly Violation[]): string {
  const allowed = violations
    .filter(({ keyword }) => keyword === 'const')
    .map(({ params }) => String(params['allowedValue']));
  return allowed.length > 1 ? `one of ${allowed.join(', ')}` : (allowed[0] ?? '');
}
