import { ok, warn, type Check } from '../types.ts';

/** Plan warnings that other checks here are about. */
const ELSEWHERE = new Set(['interface-down', 'member-down', 'fewer-cpus']);

export const planAdvice: Check = {
  id: 'plan-advice',
  group: 'affinity',
  purpose: 'the plan has no drawback that is known',
  look: (host) => {
    const warnings = host.plan().warnings.filter(({ code }) => !ELSEWHERE.has(code));
    const [first] = warnings;
    if (first === undefined) return ok('one CPU for each queue, on the right NUMA node');
    const others = warnings.slice(1).map(({ code }) => code);
    return warn(
      first.message,
      others.length === 0
        ? `plan warning ${first.code}`
        : `plan warning ${first.code}, and: ${others.join(', ')}`,
      'look at the whole plan: start-katran -dry_run with the same flags',
    );
  },
};
