// Chromium with a virtual authenticator, driven line by line: a JSON command in, its JSON answer out.
// {"do": "create" | "get", "page": 0 | 1, "options": {…}} as WebAuthn's JSON forms; {"do": "verified", "is": true | false}
import http from 'node:http';
import readline from 'node:readline';
import { chromium } from 'playwright-core';

// What a browser makes of the options, in the page: parsing and toJSON are the browser's own.
const ceremonies = {
  create: async (options) =>
    (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON(),
  get: async (options) =>
    (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON(),
};

// Two origins of one relying party: http://localhost with different ports.
const servers = [0, 1].map(() =>
  http.createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>wallet</title>')));
const origins = await Promise.all(servers.map((server) => new Promise((ready) =>
  server.listen(0, '127.0.0.1', () => ready(`http://localhost:${server.address().port}`)))));

const browser = await chromium.launch({
  executablePath: process.argv[2],
  chromiumSandbox: process.getuid() !== 0,
  args: ['--no-proxy-server', '--host-resolver-rules=MAP localhost 127.0.0.1'],
});
const context = await browser.newContext();
const page = await context.newPage();
const devtools = await context.newCDPSession(page);
await devtools.send('WebAuthn.enable');
const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  },
});

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
say({ origins, browser: browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    if (command.do === 'verified') {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: command.is });
      say({ done: true });
    } else {
      await page.goto(`${origins[command.page ?? 0]}/`);
      say({ answer: await page.evaluate(ceremonies[command.do], command.options) });
    }
  } catch (error) {
    say({ refused: String(error.message).split('\n')[0] });
  }
}
await browser.close();
servers.forEach((server) => server.close());
