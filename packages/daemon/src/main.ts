#!/usr/bin/env node
import { runCli } from './cli/cli.ts';

process.umask(0o077);
await runCli(process.argv);
