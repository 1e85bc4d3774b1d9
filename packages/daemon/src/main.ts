#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runCli } from './cli/cli.ts';

// The daemon makes many short-lived buffers and lives for months: a young generation that does not grow keeps 15 to
// 30 MB back for a few more, cheap collections. As a start flag of node it would be lost wherever a shebang starts us.
setFlagsFromString('--semi-space-growth-factor=1');
process.umask(0o077);
await runCli(process.argv);
