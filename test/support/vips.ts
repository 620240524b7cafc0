export interface Vip {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
}

export const VIP4: Vip = { address: '10.200.1.1', port: 80, protocol: 'udp' };
export const VIP6: Vip = { address: 'fd20::1', port: 443, protocol: 'tcp' };
const IP_PROTOCOL = { udp: 17, tcp: 6 } as const;

/** A VIP as katran's calls want it. */
export const vipMessage = ({ address, port, protocol }: Vip): object => ({
  address,
  port,
  protocol: IP_PROTOCOL[protocol],
});
