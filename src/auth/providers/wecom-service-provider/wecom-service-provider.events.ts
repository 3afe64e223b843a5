import { AppError } from '../../../common/app-error.js';
import { Secret } from '../../../common/secret.js';
import type { EventEffect, EventReceiver, PlatformEvent } from '../platform-events.js';
import type { TokenSource } from '../platform-tokens.js';
import type { ProviderTools } from '../provider.js';
import { isRefusal } from '../wecom/wecom.errors.js';
import { readXml } from '../wecom/wecom.callback.js';
import type { Authorizations } from './wecom-service-provider.authorizations.js';
import { ServiceProviderCallbacks } from './wecom-service-provider.callbacks.js';
import { memberEffects, unsubscribed } from './wecom-service-provider.effects.js';
import { issuerOf } from './wecom-service-provider.identities.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';
import type { Tenants } from './wecom-service-provider.tenants.js';
import type { ServiceProviderTokens } from './wecom-service-provider.tokens.js';

type Fields = Readonly<Record<string, string>>;

/** `TimeStamp` is by WeCom's clock and in whole seconds: a cancellation is older than an installation of ours by more than this, or it counts. */
const clocksDifferMs = 30_000;

/**
 * What WeCom pushes to a service provider: tickets, and what becomes of its authorizations and of people (reference wecom-service-provider
 * 7.4, 7.5). Every kind may come again after a crash: a ticket that is kept, a corp that is gone, a code that was traded stay so.
 */
export function serviceProviderEvents(
  settings: WecomServiceProviderSettings,
  sources: ServiceProviderTokens,
  tenants: Tenants,
  authorizations: Authorizations,
  tools: ProviderTools,
): EventReceiver {
  const callbacks = new ServiceProviderCallbacks(settings, tools.installations, tools.clock);
  const { appType } = settings;
  const issuer = (corpId: string): string => issuerOf(settings.providerCorpId, corpId);

  /** @returns what it means where the authorization turns out to be over */
  async function changed(corpId: string): Promise<readonly EventEffect[]> {
    const left: EventEffect = { kind: 'tenant-left', issuer: issuer(corpId) };
    const found = await tools.installations.find(corpId);
    // Found out by a sign-in, or by this very event before a crash: its people may still be signed in.
    if (found && !found.permanentCode) return [left];
    // A corp that is suspended is described when it may come in again and its agent id is needed.
    if (found?.status !== 'active') return [];
    try {
      await authorizations.describe(await tenants.active(corpId));
      return [];
    } catch (error) {
      if (!isRefusal(error, '40084', '48004')) throw error;
      return [left];
    }
  }

  async function authorized(authCode: string, sentAt: Date): Promise<readonly EventEffect[]> {
    try {
      await authorizations.complete(authCode, sentAt);
    } catch (error) {
      // It will never be accepted again, however often it is tried: it was traded before a crash, or came too late.
      if (!(error instanceof AppError) || error.code !== 'platform_code_rejected') throw error;
      tools.warn('an authorization code was not accepted', { ...error.operator });
    }
    return [];
  }

  async function command(
    { channel, sentAt }: PlatformEvent,
    fields: Fields,
  ): Promise<readonly EventEffect[]> {
    const corpId = fields['AuthCorpId'] ?? '';
    if (fields['InfoType'] === 'suite_ticket') {
      const source = channel === 'login-suite' ? sources.loginSuite : sources.suite;
      if (source) await keepTicket(source, fields['SuiteTicket'] ?? '', sentAt, tools);
      return [];
    }
    // The login suite is not installed by anybody: its tickets are all that it has to say.
    if (channel !== 'main') return [];
    switch (fields['InfoType']) {
      case 'create_auth':
      case 'reset_permanent_code':
        return authorized(fields['AuthCode'] ?? '', sentAt);
      case 'change_auth':
        return changed(corpId);
      case 'cancel_auth':
        await tools.installations.cancel(corpId, new Date(sentAt.getTime() + clocksDifferMs));
        return [{ kind: 'tenant-left', issuer: issuer(corpId) }];
      case 'change_contact':
        return memberEffects(issuer(corpId), appType, fields);
      default:
        return [];
    }
  }

  function ofCorp(fields: Fields): readonly EventEffect[] {
    const from = issuer(fields['ToUserName'] ?? '');
    if (fields['MsgType'] !== 'event') return [];
    if (fields['Event'] === 'unsubscribe') return unsubscribed(from, fields);
    return fields['Event'] === 'change_contact' ? memberEffects(from, appType, fields) : [];
  }

  return {
    channels: callbacks.channels,
    read: (channel, request) => callbacks.read(channel, request),
    handle: async (event) => {
      const fields = readXml(event.content);
      return event.channel === 'data' ? ofCorp(fields) : command(event, fields);
    },
  };
}

/** A ticket that is newer ends what was remembered of the time without one. */
async function keepTicket(
  source: TokenSource,
  ticket: string,
  pushedAt: Date,
  { suiteTickets, tokens }: ProviderTools,
): Promise<void> {
  await suiteTickets.save(source.credential, { value: new Secret(ticket), pushedAt });
  await tokens.forgetRefusal(source);
}
