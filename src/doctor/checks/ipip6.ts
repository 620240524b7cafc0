import { tunnelCheck } from '../tunnel.ts';

export const ipip6Tunnel = tunnelCheck('ipip6', 'ipip6_intf', 'ip6tnl');
