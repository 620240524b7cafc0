import { affinityProblems } from './affinity-findings.ts';
import { worksOn, type FoundKatran, type FoundProcess } from '../katran/find-katran.ts';
import { aheadInWords } from '../katran/program.ts';
import type { Finding, Observation } from './types.ts';

const ZERO_MAC = '00:00:00:00:00:00';
/** Other katrans named before the rest is left out. */
const NAMED = 2;
const MAC_REMEDY = 'start-katran corrects it while it runs (SIGHUP: at once); else restart katran';

const processes = (list: readonly FoundProcess[]): string =>
  list.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');

function katranProblems({ katran, address, mac }: Observation): Finding[] {
  if (!katran.listening) {
    const elsewhere = katran.elsewhere
      .slice(0, NAMED)
      .map(({ name, pid, flags }) => `${name} (pid ${pid}) runs with ${serverOf(flags?.server)}`);
    const hint =
      elsewhere.length === 0
        ? 'see its log, and start it with start-katran -run'
        : `${elsewhere.join(', ')}; give status the same -server, or look why it does not listen`;
    return [{ code: 'katran-down', message: `katran is down: nothing listens on ${address}; ${hint}` }];
  }
  const problems: Finding[] = [];
  if (katran.owners.length > 1) {
    problems.push({
      code: 'port-shared',
      message: `${katran.owners.length} processes share ${address}: ${processes(katran.owners)}; traffic stops when one of them ends: stop all, start one`,
    });
  }
  if ('trouble' in mac) problems.push({ code: 'katran-silent', message: mac.trouble });
  return problems;
}

function serverOf(server: string | undefined): string {
  return server === undefined ? 'its default address' : `-server=${server}`;
}

function macProblems({ mac, gateway }: Observation): Finding[] {
  if ('trouble' in mac) return [];
  if (mac.value === ZERO_MAC) {
    return [
      {
        code: 'mac-zero',
        message: `katran has MAC ${ZERO_MAC}: every packet it forwards is lost; ${MAC_REMEDY}`,
      },
    ];
  }
  if ('trouble' in gateway || gateway.value.mac === mac.value) return [];
  const { address, interface: device } = gateway.value;
  return [
    {
      code: 'mac-differs',
      message: `katran sends to MAC ${mac.value}, but the gateway ${address ?? ''} on ${device} has ${gateway.value.mac}: packets go to the wrong machine; ${MAC_REMEDY}`,
    },
  ];
}

function interfaceProblems({
  interface: chosen,
  interfaceTrouble,
  intfGiven,
  katran,
  live,
  program,
  xdp,
}: Observation): Finding[] {
  if ('trouble' in chosen) return [{ code: 'interface-missing', message: chosen.trouble }];
  const problems: Finding[] = [];
  const own = katran.owners.find(({ flags }) => flags !== null)?.flags?.intf;
  if (own !== undefined && intfGiven !== null && own !== intfGiven) {
    problems.push({
      code: 'interface-differs',
      message: `katran runs on ${own}, not on ${intfGiven} as -intf says; leave -intf out to look at ${own}`,
    });
  }
  if (interfaceTrouble !== null) problems.push({ code: 'interface-down', message: interfaceTrouble });
  const rivals =
    katran.owners.length === 0 || !live
      ? []
      : katran.elsewhere.filter((other) => worksOn(other, chosen.value));
  if (rivals.length > 0)
    problems.push({
      code: 'second-katran',
      message: `${processes([...katran.owners, ...rivals])} work on ${chosen.value}, and one of them forwards nothing: stop all but one`,
    });
  if (program?.kind === 'gone' || program?.kind === 'other')
    problems.push({
      code: program.kind === 'gone' ? 'xdp-missing' : 'xdp-foreign',
      message: `${program.what}: katran runs and forwards nothing; restart katran`,
    });
  else if (program?.kind === 'own' && program.inSlot?.ahead?.isKatrans === true)
    problems.push({ code: 'slot-ahead', message: aheadInWords(program.inSlot.ahead) });
  else if (katran.listening && xdp === 'none')
    problems.push({
      code: 'xdp-missing',
      message: `no XDP program is attached to ${chosen.value}: katran runs and forwards nothing; restart katran`,
    });
  return problems;
}

/** The flags of the one katran there is; null when there is none, or it cannot be told which, or they are hidden. */
export function katranFlagsOf({ owners }: FoundKatran): FoundProcess['flags'] {
  return owners.length === 1 ? (owners[0]?.flags ?? null) : null;
}

/** Everything that is wrong, the worst first. */
export function findProblems(observed: Observation, fallbackPerSecond: number | null): Finding[] {
  const flags = katranFlagsOf(observed.katran);
  const vectors = 'value' in observed.vectors ? observed.vectors.value : [];
  const grows =
    fallbackPerSecond !== null && fallbackPerSecond > 0
      ? [
          {
            code: 'fallback-grows',
            message: `${Math.ceil(fallbackPerSecond)} packets per second use katran's small fallback table: they arrive on CPUs that are no forwarding cores`,
          },
        ]
      : [];
  return [
    ...katranProblems(observed),
    ...interfaceProblems(observed),
    ...macProblems(observed),
    ...(flags === null ? [] : affinityProblems(flags, observed.topology, vectors)),
    ...grows,
  ];
}

/** What could not be looked at, and what costs speed. */
export function findNotes(observed: Observation): Finding[] {
  const { katran, gateway, vectors, xdp, unsupervised, program } = observed;
  const device = 'value' in observed.interface ? observed.interface.value : undefined;
  const elsewhere = katran.elsewhere.filter((other) => device === undefined || !worksOn(other, device));
  const notes: Finding[] = [];
  const note = (code: string, message: string): void => void notes.push({ code, message });
  if (katran.hidden && katran.owners.length === 0)
    note(
      'owner-hidden',
      `whose socket listens on ${observed.address} is hidden from this user; run status as root`,
    );
  else if (katran.listening && katranFlagsOf(katran) === null && katran.owners.length === 1)
    note('flags-hidden', "katran's command line cannot be read, so its forwarding cores are not compared");
  if (katran.listening && katran.owners.length > 0)
    for (const { pid, flags } of elsewhere)
      note('second-katran', `another katran runs: pid ${pid} with ${serverOf(flags?.server)}`);
  const [owner] = katran.owners;
  if (unsupervised && owner !== undefined)
    note(
      'unsupervised',
      `no launcher looks after katran (pid ${owner.pid}): its MAC stays as it is when the gateway changes; stop it (kill ${owner.pid}) and start it with start-katran -run, or take over from it with -handover`,
    );
  if ('trouble' in gateway) note('gateway-unknown', gateway.trouble);
  if ('trouble' in vectors && 'value' in observed.interface) note('queues-unknown', vectors.trouble);
  if (program?.kind === 'own' && program.inSlot?.ahead?.isKatrans === false)
    note('slot-ahead', aheadInWords(program.inSlot.ahead));
  if (xdp === 'generic')
    note(
      'xdp-generic',
      'XDP is in generic mode, which is slow: the driver does not support it, or refused it',
    );
  return notes;
}
