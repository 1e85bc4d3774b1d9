import { runMcpServer } from './index.ts';

await runMcpServer();
// Idle connections to the daemon would keep the process alive for seconds.
process.exit(0);
