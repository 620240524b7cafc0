import { afterEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, type Artifact } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';
import { HAS_TMUX, Terminal } from '../support/terminal.ts';

let staged: StagedLaunch;
let terminal: Terminal | undefined;
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await staged.remove();
});

const WAITING = /^(\S) \d+ s waiting for katran \(pid \d+\) to answer on 127\.0\.0\.1:\d+$/m;

function launchOn(artifact: Artifact, env: Record<string, string>, ...more: string[]): Terminal {
  const argv = [artifact.file, ...artifact.prefix, ...staged.flags, '-run', ...more];
  // Wide enough that no line is broken.
  terminal = new Terminal(argv, { ...staged.stage.env, LC_ALL: 'C.UTF-8', ...env }, 250);
  return terminal;
}

// What a person sees is on a terminal; tmux is the terminal here.
describe.skipIf(!HAS_TMUX).each(ARTIFACTS)('waiting, on a terminal (needs tmux), with $name', (artifact) => {
  it("has a line of its own at the bottom, which katran's lines and the log do not touch and which goes away", async () => {
    staged = await stageLaunch({ double: { START_DELAY: 3000 } });
    const screen = launchOn(artifact, {});
    const waiting = await screen.shows(WAITING);
    expect(waiting.trimEnd().split('\n')).toHaveLength(24);
    expect(waiting).toMatch(/^I\S+ [\d:.]+ +\d+ KatranGrpcService\.cpp:69\] Starting Katran$/m);
    await screen.shows(/^\S 2 s waiting/m);
    const up = await screen.shows(/katran is up and running$/m);
    expect(up).not.toMatch(/waiting for katran/);
    expect(up).toMatch(/^Server listening on 127\.0\.0\.1:\d+$/m);
    expect({ region: screen.region(), cursor: screen.cursorVisible() }).toEqual({
      region: '0-23',
      cursor: true,
    });
    screen.press('C-c');
    await screen.shows(/^ended with 0$/m);
    expect(screen.history()).not.toMatch(WAITING);
  });

  it('Ctrl-C while it waits stops katran and leaves the terminal as it was', async () => {
    staged = await stageLaunch({ double: { START_DELAY: 60_000 } });
    const screen = launchOn(artifact, {});
    await screen.shows(WAITING);
    screen.press('C-c');
    const after = await screen.shows(/^ended with \d+$/m);
    expect(after).toMatch(/SIGINT received, stopping/);
    expect(after).not.toMatch(/^\S \d+ s waiting/m);
    expect({ region: screen.region(), cursor: screen.cursorVisible() }).toEqual({
      region: '0-23',
      cursor: true,
    });
  });

  it('ASCII without a UTF-8 locale', async () => {
    staged = await stageLaunch({ double: { START_DELAY: 60_000 } });
    const screen = launchOn(artifact, { LC_ALL: 'C' });
    expect(WAITING.exec(await screen.shows(WAITING))?.[1]).toMatch(/^[-\\|/]$/);
  });

  it.each([
    ['CI', { CI: '1' }, []],
    ['TERM=dumb', { TERM: 'dumb' }, []],
    ['JSON log lines', {}, ['-log_format', 'json']],
  ])('nothing is drawn with %s', async (_words, env, more) => {
    staged = await stageLaunch({ double: { START_DELAY: 1500 } });
    const screen = launchOn(artifact, env, ...more);
    await screen.shows(/katran is up and running/);
    screen.press('C-c');
    await screen.shows(/ended with 0/);
    expect(screen.history()).not.toMatch(/s waiting for katran/);
  });
});

describe.each(ARTIFACTS)('waiting, with output that is no terminal, with $name', (artifact) => {
  it('writes no control character', async () => {
    staged = await stageLaunch({ double: { START_DELAY: 1000 } });
    const launcher = staged.launch(artifact);
    await launcher.isUp();
    const { stderr } = await launcher.stop();
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    expect(stderr).not.toMatch(/s waiting for/);
  });
});
