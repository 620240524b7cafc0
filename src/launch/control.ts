import fs from 'node:fs';
import path from 'node:path';
import { Failure, errnoOf, messageOf } from '../failure.ts';
import { unwritable } from '../linux/atomic-file.ts';
import type { Root } from '../linux/root.ts';

/** What a launcher answers to a request: whether it was done, and a sentence about it. */
export interface Answer {
  readonly done: boolean;
  readonly words: string;
}

const REQUEST = 'handover\n';
/** A request is one word. */
const LONGEST_REQUEST = 64;

/**
 * Where the launcher of an interface listens for requests. Interfaces of one name are in several network namespaces, and /run in all of
 * them: the namespace is part of the name.
 */
function socketPath(root: Root, interfaceName: string): string {
  const namespace = /\d+/.exec(root.readlink('/proc/self/ns/net') ?? '')?.[0] ?? '0';
  return root.hostPath(`/run/start-katran/${interfaceName}-${namespace}.sock`);
}

/** Listens for `start-katran handover` until closed. Only root can reach it: its directory is root's alone. Throws Failure. */
export async function listenForHandover(
  root: Root,
  interfaceName: string,
  handOver: () => Promise<Answer>,
): Promise<{ close(): void }> {
  const file = socketPath(root, interfaceName);
  const { createServer } = await import('node:net');
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > LONGEST_REQUEST) socket.destroy();
      if (text !== REQUEST) return;
      void handOver().then(({ done, words }) => socket.end(`${done ? 'done' : 'failed'} ${words}\n`));
    });
  });
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // The lock of the interface is ours: one that is there was left behind.
    fs.rmSync(file, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(file, resolve);
    });
    fs.chmodSync(file, 0o600);
  } catch (error) {
    server.close();
    const { reason, advice } = unwritable(file, error);
    throw new Failure(`cannot listen for handovers on ${file}: ${reason}`, { remedy: advice, cause: error });
  }
  server.unref();
  return {
    close: () => {
      server.close();
      fs.rmSync(file, { force: true });
    },
  };
}

/** Asks the launcher of an interface for a handover, and waits for its outcome. Throws Failure when no launcher answers. */
export async function requestHandover(root: Root, interfaceName: string): Promise<Answer> {
  const file = socketPath(root, interfaceName);
  const { connect } = await import('node:net');
  const socket = connect(file);
  socket.setEncoding('utf8');
  let text = '';
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('end', resolve);
      socket.on('data', (piece: string) => (text += piece));
      socket.write(REQUEST);
    });
  } catch (error) {
    const code = errnoOf(error);
    const nobody = code === 'ENOENT' || code === 'ECONNREFUSED';
    throw new Failure(
      nobody
        ? `no launcher with -handover works on ${interfaceName} (nobody listens on ${file}); start one: 'start-katran -run -handover …' takes over from a katran that runs there`
        : `cannot ask the launcher of ${interfaceName} on ${file}: ${code ?? messageOf(error)}; run as root`,
      { cause: error },
    );
  } finally {
    socket.destroy();
  }
  const [, outcome, words = ''] = /^(done|failed) (.*)\n$/s.exec(text) ?? [];
  if (outcome === undefined)
    throw new Failure(`the launcher of ${interfaceName} ended before the handover was done; see its log`);
  return { done: outcome === 'done', words };
}
