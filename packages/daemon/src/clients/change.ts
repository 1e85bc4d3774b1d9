/** One addition to the files of a client. */
export type Change = JsonChange | TomlChange | SkillChange;

export interface JsonChange {
  readonly format: 'json';
  readonly path: string;
  /** Whether its client reads comments and trailing commas. */
  readonly lenient: boolean;
  /** Names from the root to the value. */
  readonly at: readonly string[];
  readonly value: unknown;
  /** Whether the value is added to the list there, instead of taking its place. */
  readonly isListItem?: true;
}

export interface TomlChange {
  readonly format: 'toml';
  readonly path: string;
  /** Names from the root to the table. */
  readonly at: readonly [string, string];
  readonly value: Readonly<Record<string, unknown>>;
}

/** A whole file of the skill. */
export interface SkillChange {
  readonly format: 'skill';
  readonly path: string;
  /** Folder of the skill. */
  readonly folder: string;
  readonly text: string;
}

/** The new text of a file, or why it cannot be changed: as the end of a sentence that begins with its path. */
export type Edited = { readonly text: string } | { readonly problem: string };
