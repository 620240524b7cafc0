import fs from 'node:fs';
import type { Options } from '../cli/options.ts';
import { errnoOf, Failure, messageOf } from '../failure.ts';

/** Throws Failure unless the file is there, is a regular file and can be accessed that way. */
export function checkFile(file: string, mode: 'read' | 'execute', what: string, flag: string): void {
  const advice = `check ${flag}`;
  try {
    if (!fs.statSync(file).isFile()) throw new Failure(`${what} ${file} is not a file`, { remedy: advice });
    fs.accessSync(file, mode === 'read' ? fs.constants.R_OK : fs.constants.X_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error) ?? messageOf(error);
    if (code === 'ENOENT') throw new Failure(`${what} ${file} does not exist`, { remedy: advice });
    if (code === 'EACCES') {
      throw new Failure(`${what} ${file} is not ${mode === 'read' ? 'readable' : 'executable'}`, {
        remedy: advice,
        cause: error,
      });
    }
    throw new Failure(`cannot use ${what} ${file}: ${code}`, { remedy: advice });
  }
}

/** Throws Failure unless the BPF objects katran will load are there and readable. */
export function checkBpfObjects(options: Pick<Options, 'balancer_bpf' | 'enable_hc' | 'hc_bpf'>): void {
  const check = (file: string, flag: string, what: string): void => {
    if (file === '') throw new Failure(`no ${what} given`, { remedy: `name it with ${flag}` });
    checkFile(file, 'read', what, flag);
  };
  check(options.balancer_bpf, '-balancer_bpf', 'balancer BPF object');
  if (options.enable_hc) check(options.hc_bpf, '-hc_bpf', 'healthchecking BPF object');
}
