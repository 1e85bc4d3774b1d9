// Loaded into a program under test: its wall clock starts at TEST_NOW_MS and runs at normal speed.
const offsetMs = Number(process.env['TEST_NOW_MS']) - Date.now();
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(/** @type {any[]} */ ...args) {
    // @ts-expect-error One constructor with several signatures.
    super(...(args.length === 0 ? [RealDate.now() + offsetMs] : args));
  }
  static now() {
    return RealDate.now() + offsetMs;
  }
};
