// The only import of the schema library: leaving it means changing this file.
// `import * as Type` and not `{ Type }`: the latter drags 200 KB into each bundle.
import * as Type from 'typebox';

export type { Static, TObject, TSchema } from 'typebox';
export { Type };
