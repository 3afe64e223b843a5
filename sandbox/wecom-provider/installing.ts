import { ControlFault } from '../control-fields.js';
import { randomBytes } from 'node:crypto';

import { AUTH_CODE_SECONDS, type WecomProviderState } from './state.js';
import { dropCorpTokens } from './token-calls.js';
import {
  findCustomer,
  findInstallation,
  findMember,
  isAuthorised,
  type CustomerCorp,
  type Installation,
} from './world.js';

/** What an administrator agrees to. Plain ids. */
export interface Agreement {
  readonly corpId: string;
  readonly suiteId: string;
  /** Who agrees; the corp's first administrator unless said. */
  readonly admin?: string;
  readonly state?: string;
  readonly authMode?: 0 | 1;
  readonly visible?: 'all' | string[];
  readonly isTest?: boolean;
}

export interface Authorised {
  readonly installation: Installation;
  readonly authCode: string;
}

const FIRST_AGENT_ID = 1000017;

/** Puts an app into a corp, or authorises once more what is there. The permanent code is shown by the exchange. */
export function authorise(state: WecomProviderState, agreement: Agreement): Authorised {
  const corp = customer(state, agreement.corpId);
  const { suiteId } = agreement;
  const installation =
    findInstallation(state.world, corp.corpId, suiteId) ?? install(state, corp, agreement);
  const authCode = state.authCodes.put(
    {
      corpId: corp.corpId,
      suiteId,
      ...(agreement.state === undefined ? {} : { state: agreement.state }),
    },
    AUTH_CODE_SECONDS,
  ).id;
  return { installation, authCode };
}

function install(
  state: WecomProviderState,
  corp: CustomerCorp,
  { suiteId, admin, authMode, visible, isTest }: Agreement,
): Installation {
  const { installations } = state.world;
  const before = installations.filter(({ corpId }) => corpId === corp.corpId);
  // "Newly authorising" is also who had cancelled everything (reference 11.2).
  const isBack = before.length > 0 && !isAuthorised(state.world, corp.corpId);
  if (isBack && state.settings.comingBack === 'encrypts') corp.idMode = 'encrypted';
  const agreedBy = findMember(corp, admin ?? corp.admins[0]?.userid ?? '')?.userid ?? '';
  const installation: Installation = {
    corpId: corp.corpId,
    suiteId,
    agentId: FIRST_AGENT_ID + before.length,
    permanentCode: newPermanentCode(),
    authMode: authMode ?? 0,
    visible: visible ?? 'all',
    status: 'active',
    agreedBy,
    isTest: isTest ?? false,
  };
  installations.push(installation);
  return installation;
}

/** Ends an app in a corp: its codes and tokens die with it. Gives the corp's id as it was seen. */
export function endInstallation(
  state: WecomProviderState,
  corpId: string,
  suiteId: string,
): string {
  const corp = customer(state, corpId);
  const installation = installed(state, corp.corpId, suiteId);
  const seen = state.seen.corpId(corp);
  installation.status = 'cancelled';
  dropCorpTokens(state, corp.corpId, suiteId);
  state.authCodes.removeWhere((it) => it.corpId === corp.corpId && it.suiteId === suiteId);
  return seen;
}

/** A new secret for a delegated app. The old one and its tokens stop at once; the new one is shown by the exchange. */
export function resetSecret(state: WecomProviderState, corpId: string, suiteId: string): string {
  const corp = customer(state, corpId);
  installed(state, corp.corpId, suiteId).permanentCode = newPermanentCode();
  dropCorpTokens(state, corp.corpId, suiteId);
  return state.authCodes.put({ corpId: corp.corpId, suiteId }, AUTH_CODE_SECONDS).id;
}

/** @throws ControlFault when there is no such corp: the tester's mistake */
export function customer(state: WecomProviderState, corpId: string): CustomerCorp {
  const corp = findCustomer(state.world, corpId);
  if (!corp) throw new ControlFault(`no customer ${corpId}`);
  return corp;
}

/** @throws ControlFault when the app is not in the corp: the tester's mistake */
export function installed(
  state: WecomProviderState,
  corpId: string,
  suiteId: string,
): Installation {
  const installation = findInstallation(state.world, corpId, suiteId);
  if (!installation) throw new ControlFault(`${suiteId} is not installed in ${corpId}`);
  return installation;
}

function newPermanentCode(): string {
  return `PERM-${randomBytes(48).toString('base64url')}`;
}
