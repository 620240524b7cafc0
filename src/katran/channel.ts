import type { Socket } from 'node:net';
import { ChannelCredentials, Client, type ClientUnaryCall } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/** Decides whether a connection may be used, before anything is sent on it. */
export type Admits = (socket: Socket) => Promise<boolean>;

/** Insecure credentials that know the sockets of their channel: gRPC itself has no way to close a stuck one. */
class SocketKeeper extends ChannelCredentials {
  readonly #insecure = ChannelCredentials.createInsecure();
  readonly #sockets = new Set<Socket>();
  readonly #admits: Admits | undefined;
  #destroyed = false;
  /** A connection was refused because somebody else than katran has its other end. */
  refusedPeer = false;

  constructor(admits: Admits | undefined) {
    super();
    this.#admits = admits;
  }

  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    ...target: Parameters<ChannelCredentials['_createSecureConnector']>
  ): SecureConnector {
    const connector = this.#insecure._createSecureConnector(...target);
    return {
      connect: async (socket) => {
        this.#keep(socket);
        if (this.#admits !== undefined && !(await this.#admits(socket))) {
          this.refusedPeer = true;
          socket.destroy();
          throw new Error('the connection was accepted by another process than the katran that is meant');
        }
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  destroySockets(): void {
    this.#destroyed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#destroyed) socket.destroy();
  }
}

/** One gRPC channel and the calls on it. A retired channel closes its sockets when its last call has ended. */
export class Channel {
  readonly #keeper: SocketKeeper;
  readonly #calls = new Set<ClientUnaryCall>();
  readonly client: Client;
  #retired = false;

  constructor(target: string, admits?: Admits) {
    this.#keeper = new SocketKeeper(admits);
    this.client = new Client(target, this.#keeper, {
      // Nothing from the environment, and nothing shared with another channel, decides where or when this one dials.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 20,
      'grpc.min_reconnect_backoff_ms': 20,
      'grpc.max_reconnect_backoff_ms': 100,
    });
  }

  /** Whether a connection of this channel was refused for its other end. */
  get refusedPeer(): boolean {
    return this.#keeper.refusedPeer;
  }

  started(call: ClientUnaryCall): void {
    this.#calls.add(call);
  }

  ended(call: ClientUnaryCall): void {
    this.#calls.delete(call);
    if (this.#retired && this.#calls.size === 0) this.#destroy();
  }

  retire(): void {
    this.#retired = true;
    if (this.#calls.size === 0) this.#destroy();
  }

  /** Ends everything at once. */
  close(): void {
    for (const call of this.#calls) call.cancel();
    this.#destroy();
  }

  #destroy(): void {
    this.client.close();
    this.#keeper.destroySockets();
  }
}
