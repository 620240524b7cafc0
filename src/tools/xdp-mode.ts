import { execFile } from 'node:child_process';

/** How an XDP program is attached; `none`: there is no program. */
export type XdpMode = 'none' | 'native' | 'generic' | 'offloaded' | 'several';

/** XDP_ATTACHED_… of include/uapi/linux/if_link.h. */
const MODES: readonly XdpMode[] = ['none', 'native', 'generic', 'offloaded', 'several'];
const TIMEOUT_MS = 1000;

/** The mode in the output of `ip -j link show dev IF`; null when that is not what it holds. */
export function parseXdpMode(json: string): XdpMode | null {
  let links: unknown;
  try {
    links = JSON.parse(json);
  } catch {
    return null;
  }
  const link: unknown = Array.isArray(links) ? links[0] : undefined;
  if (typeof link !== 'object' || link === null) return null;
  if (!('xdp' in link)) return 'none';
  const { xdp } = link;
  const mode = typeof xdp === 'object' && xdp !== null && 'mode' in xdp ? Number(xdp.mode) : Number.NaN;
  return MODES[mode] ?? null;
}

/** The XDP mode of an interface of this machine; null when there is no `ip`, or it does not say. Never rejects. */
export function readXdpMode(interfaceName: string): Promise<XdpMode | null> {
  return new Promise((resolve) => {
    execFile(
      'ip',
      ['-j', 'link', 'show', 'dev', interfaceName],
      { timeout: TIMEOUT_MS, encoding: 'utf8' },
      (error, stdout) => resolve(error === null ? parseXdpMode(stdout) : null),
    );
  });
}
