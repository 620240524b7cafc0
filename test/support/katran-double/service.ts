import { readFileSync } from 'node:fs';
import {
  type sendUnaryData,
  Server,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { katranServiceMethods } from '../../../src/katran/service-methods.ts';
import { journal } from './journal.ts';
import { macAsKatranReadsIt } from './mac.ts';
import { numberSetting, setting, type SettingName } from './settings.ts';

type Call = ServerUnaryCall<object, object>;
type Answer = object | { code: status };

/** Times a counted setting (`3`, `UNAVAILABLE:3`) has taken effect. */
const used = new Map<SettingName, number>();

/** The gRPC service with the MAC it starts with; bind nothing: connections are handed to it. */
export function katranService(defaultMac: string): Server {
  let mac = macAsKatranReadsIt(defaultMac);
  let macAskedFor = false;

  function getMac(): Answer {
    const failure = statusOf('FAIL_GET_MAC');
    if (failure !== undefined) return { code: failure };
    const shown = setting('GET_MAC').replace(/^zeros$/, '00:00:00:00:00:00') || mac;
    return { mac: setting('TRAILING_COLON') === '1' ? `${shown}:` : shown };
  }

  function changeMac(given: string): Answer {
    const failure = takesEffect('REFUSE_CHANGE_MAC') ? status.CANCELLED : statusOf('FAIL_CHANGE_MAC');
    const ignored = failure === undefined && takesEffect('IGNORE_CHANGE_MAC');
    if (failure === undefined && !ignored) mac = macAsKatranReadsIt(given);
    journal('changeMac', { given, mac, refused: failure !== undefined, ignored });
    return failure === undefined ? { success: true } : { code: failure };
  }

  const answers: Readonly<Record<string, (call: Call) => Answer>> = {
    getMac,
    changeMac: ({ request }) => changeMac('mac' in request ? String(request.mac) : ''),
    getLruFallbackStats: fallbackStats,
  };
  const server = new Server();
  const methods = katranServiceMethods();
  const implementation: UntypedServiceImplementation = {};
  for (const name of Object.keys(methods)) {
    const answer = answers[name] ?? (() => ({ success: true }));
    implementation[name] = (call: Call, send: sendUnaryData<object>) => {
      if (name === 'getMac' && !macAskedFor) {
        macAskedFor = true;
        journal(name);
      }
      later(() => reply(answer(call), send));
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

/** The two numbers of the fallback file, read at each call; zeros without one. */
function fallbackStats(): Answer {
  const path = setting('FALLBACK');
  if (path === '') return { v1: '0', v2: '0' };
  const [v1 = '0', v2 = '0'] = readFileSync(path, 'utf8').trim().split(/\s+/);
  return { v1: v1 || '0', v2 };
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
