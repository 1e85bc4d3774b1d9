import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Where Chrome and Chromium are usually installed. */
const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Returns the path of Chrome or Chromium: `CHROME_PATH`, or where it usually is. */
export const findBrowser = () => process.env['CHROME_PATH'] ?? usualPlaces.find((path) => existsSync(path));

/** Starts the browser that the machine has. @param {string[]} args */
export const launchBrowser = (...args) =>
  chromium.launch({
    executablePath: findBrowser() ?? '',
    // Its sandbox refuses to run as root.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...args],
  });
