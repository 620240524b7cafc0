import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that nothing listens on now, and that no other test is given while this process lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portOfTheMoment();
    if (await isReserved(port)) return port;
  }
}

function portOfTheMoment(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      server.close(() => resolve(address.port));
    });
  });
}

/** Test files run at the same time, and the kernel may give the port of one, not yet used, to another. */
function isReserved(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const reservation = createServer().once('error', () => resolve(false));
    reservation.listen(`\0katran-double:${port}`, () => resolve(true));
    reservation.unref();
  });
}
