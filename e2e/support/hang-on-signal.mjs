// Loaded into a daemon under test: at SIGUSR2 its event loop stands still.
process.on('SIGUSR2', () => {
  for (;;);
});
