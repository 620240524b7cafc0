import { messageOf } from '../failure.ts';
import { bpfObjectProblem, readElfHeader } from '../katran/elf-header.ts';
import { fail, ok, type Finding } from './types.ts';

/** Whether katran could load a file as a BPF object; `flag` is the one that named it. */
export function examineObject(file: string, flag: string): Finding {
  const meaning = 'katran aborts (SIGABRT) when it cannot load it';
  let problem: string | undefined;
  try {
    problem = bpfObjectProblem(readElfHeader(file));
  } catch (error) {
    return fail(messageOf(error).replace(/, (?:open|read) .*$/, `: ${file}`), meaning, `correct ${flag}`);
  }
  if (problem === undefined) return ok(`${file}: ELF for BPF`);
  return fail(`${file}: ${problem}`, meaning, `give the file that clang -target bpf made: ${flag} FILE`);
}
