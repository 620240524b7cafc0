import { messageOf } from '../../failure.ts';
import { bpfObjectProblem, readElfHeader } from '../elf-header.ts';
import { NO_HEALTHCHECK } from '../healthcheck.ts';
import { fail, ok, skipped, type Check, type Finding } from '../types.ts';

function lookAt(file: string, flag: string): Finding {
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

export const balancerObject: Check = {
  id: 'balancer-bpf',
  group: 'BPF',
  purpose: "the file with katran's XDP program can be loaded",
  look: ({ options: { balancer_bpf: file } }) =>
    file === ''
      ? skipped(
          '-balancer_bpf is not given; give doctor the flags of the launch, or put them into /etc/start-katran/flags',
        )
      : lookAt(file, '-balancer_bpf'),
};

export const healthcheckObject: Check = {
  id: 'hc-bpf',
  group: 'healthcheck',
  purpose: 'the file with the healthchecking program can be loaded',
  look: ({ options: { hc_bpf: file, enable_hc: enabled } }) => {
    if (!enabled) return skipped(NO_HEALTHCHECK);
    if (file === '') return fail('-hc_bpf is not given', 'with -enable_hc katran needs it', '-hc_bpf FILE');
    return lookAt(file, '-hc_bpf');
  },
};
