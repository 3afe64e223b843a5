import { createServer } from 'node:net';

/** A port of the loopback address that nobody listens on: `preferred`, if that is one. */
export async function freePort(preferred = 0): Promise<number> {
  return listenOn(preferred).catch(() => listenOn(0));
}

async function listenOn(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('the port has no number');
  return address.port;
}
