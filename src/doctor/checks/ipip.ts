import { tunnelCheck } from '../tunnel.ts';

export const ipipTunnel = tunnelCheck('ipip', 'ipip_intf', 'ipip');
