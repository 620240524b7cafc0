import {
  type sendUnaryData,
  Server,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { katranServiceMethods } from '../../../src/katran/service-methods.ts';
import { crashAfterChange } from './faults.ts';
import type { Forwarding } from './forwarding.ts';
import { journal } from './journal.ts';
import { macAsKatranReadsIt } from './mac.ts';
import { type Answer, type Request, serviceChanges, serviceReads } from './service-calls.ts';
import type { Services } from './services.ts';
import { numberSetting, setting, type SettingName } from './settings.ts';

type Call = ServerUnaryCall<Request, object>;

/** Times a counted setting (`3`, `UNAVAILABLE:3`) has taken effect. */
const used = new Map<SettingName, number>();

/** The gRPC service with the MAC it starts with; bind nothing: connections are handed to it. */
export function katranService(defaultMac: string, services: Services, forwarding: Forwarding): Server {
  let mac = macAsKatranReadsIt(defaultMac);
  let macAskedFor = false;
  let changed: Promise<void> = Promise.resolve();

  function getMac(): Answer {
    const failure = statusOf('FAIL_GET_MAC');
    if (failure !== undefined) return { code: failure };
    const shown = setting('GET_MAC').replace(/^zeros$/, '00:00:00:00:00:00') || mac;
    return { mac: setting('TRAILING_COLON') === '1' ? `${shown}:` : shown };
  }

  function changeMac(given: string): Answer {
    const failure = takesEffect('REFUSE_CHANGE_MAC') ? status.CANCELLED : statusOf('FAIL_CHANGE_MAC');
    const ignored = failure === undefined && takesEffect('IGNORE_CHANGE_MAC');
    if (failure === undefined && !ignored) {
      mac = macAsKatranReadsIt(given);
      forwarding.setMac(mac);
    }
    journal('changeMac', { given, mac, refused: failure !== undefined, ignored });
    return failure === undefined ? { success: true } : { code: failure };
  }

  const reads: Readonly<Record<string, (request: Request) => Answer>> = {
    getMac,
    changeMac: (request) => changeMac(typeof request['mac'] === 'string' ? request['mac'] : ''),
    ...serviceReads(services, forwarding),
  };
  const changes = serviceChanges(services, forwarding);

  /** One after the other, each for as long as CHANGE_TIME says; the journal has it when it is made. */
  async function change(name: string, make: (request: Request) => Answer, request: Request): Promise<Answer> {
    const turn = changed.then(() => elapsed(numberSetting('CHANGE_TIME', 0)));
    changed = turn;
    await turn;
    const answer = make(request);
    journal(name, { request, refused: 'code' in answer });
    crashAfterChange();
    return answer;
  }

  const server = new Server();
  const methods = katranServiceMethods();
  const implementation: UntypedServiceImplementation = {};
  for (const name of Object.keys(methods)) {
    const make = changes[name];
    const read = reads[name];
    implementation[name] = ({ request }: Call, send: sendUnaryData<object>) => {
      if (setting('JOURNAL_CALLS') === '1') journal('call', { name });
      if (name === 'getMac' && !macAskedFor) {
        macAskedFor = true;
        journal(name);
      }
      later(() => {
        if (make !== undefined) void change(name, make, request).then((answer) => reply(answer, send));
        else reply(read?.(request) ?? { code: status.UNIMPLEMENTED }, send);
      });
    };
  }
  server.addService(methods, implementation);
  return server;
}

function reply(answer: Answer, send: sendUnaryData<object>): void {
  if ('code' in answer) send({ code: answer.code, details: '' });
  else send(null, answer);
}

function later(then: () => void): void {
  const late = numberSetting('LATE', 0);
  if (late > 0) setTimeout(then, late);
  else then();
}

function elapsed(ms: number): Promise<void> | undefined {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined;
}

/** `always`, or a number of times, counted from the start of this process. */
function takesEffect(name: SettingName, text = setting(name)): boolean {
  if (text === '') return false;
  if (text === 'always') return true;
  const times = used.get(name) ?? 0;
  if (times >= Number(text)) return false;
  used.set(name, times + 1);
  return true;
}

/** `UNAVAILABLE` always, `UNAVAILABLE:3` three times. */
function statusOf(name: SettingName): status | undefined {
  const [code = '', times = 'always'] = setting(name).split(':');
  if (code === '' || !takesEffect(name, times)) return undefined;
  const found = Object.entries(status).find(([key]) => key === code)?.[1];
  if (typeof found !== 'number') throw new Error(`KATRAN_DOUBLE_${name}: no gRPC status ${code}`);
  return found;
}
