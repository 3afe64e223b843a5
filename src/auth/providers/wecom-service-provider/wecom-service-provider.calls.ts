import type { HttpClient } from '../../../common/http-client.js';
import type { ReplyObject } from '../platform-reply.js';
import { callWecom, type WecomCall } from '../wecom/wecom.api.js';
import { serviceProviderMeanings } from './wecom-service-provider.meanings.js';

/** A call as one of the three callers makes it: the provider, a suite, the app inside a corp. */
export type ServiceProviderCall = Omit<WecomCall, 'credential'>;

/** Makes calls for one of them: each gives a reply that was fine, and throws as `callWecom` does. */
export type Caller = (call: ServiceProviderCall) => Promise<ReplyObject>;

/**
 * @param base the API's base URL
 * @param credential whose limits the calls count against
 */
export function callerFor(http: HttpClient, base: string, credential: string): Caller {
  return (call) =>
    callWecom(http, base, { meanings: serviceProviderMeanings, ...call, credential });
}
