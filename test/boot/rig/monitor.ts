import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** One command to qemu over its machine protocol; ends when qemu has carried it out. Throws with qemu's answer when it refused. */
export async function qemuCommand(
  socket: string,
  command: string,
  args: Readonly<Record<string, unknown>>,
): Promise<void> {
  const connection = createConnection(socket);
  const lines = createInterface({ input: connection });
  const answers = lines[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const answer: IteratorResult<string, unknown> = await answers.next();
    if (answer.done === true) throw new Error(`qemu closed its monitor before it answered ${command}`);
    // What happens in the machine is told in between.
    return answer.value.startsWith('{"timestamp"') || answer.value.includes('"event"')
      ? next()
      : answer.value;
  };
  try {
    await once(connection, 'connect');
    await next(); // its greeting
    for (const request of [{ execute: 'qmp_capabilities' }, { execute: command, arguments: args }]) {
      connection.write(`${JSON.stringify(request)}\n`);
      const answer = await next();
      if (!answer.includes('"return"')) throw new Error(`qemu: ${JSON.stringify(request)}: ${answer}`);
    }
  } finally {
    lines.close();
    connection.destroy();
  }
}
