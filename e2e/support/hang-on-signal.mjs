// Loaded into a daemon under test: SIGUSR2 blocks its event loop.
process.on('SIGUSR2', () => {
  for (;;);
});
