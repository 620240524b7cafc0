import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { katranMethod, katranServiceMethods } from '../../../src/katran/service-methods.ts';

/** An answer as the loader gives it (64-bit numbers as text), or the name of the status with its details. */
export type CallResult = Readonly<Record<string, unknown>>;

/** Any call to any katran, for tests that play another client of it. */
export interface Calls {
  /** Never rejects: a failure is `{ status: 'CANCELLED', details: '' }`. */
  call(method: string, request?: object, deadlineMs?: number): Promise<CallResult>;
  close(): void;
}

export function callsTo(address: string): Calls {
  const client = new Client(address, credentials.createInsecure());
  const service = katranServiceMethods();
  return {
    call: (name, request = {}, deadlineMs = 10_000) =>
      new Promise((resolve) => {
        const method = katranMethod(service, name);
        const answered = (error: ServiceError | null, answer?: object): void =>
          resolve(error === null ? { ...answer } : { status: status[error.code], details: error.details });
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          { deadline: Date.now() + deadlineMs },
          answered,
        );
      }),
    close: () => client.close(),
  };
}
