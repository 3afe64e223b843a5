import { AppError } from '../../../common/app-error.js';
import { asObject, asText } from '../platform-reply.js';
import type { IdMigration, ProviderTools } from '../provider.js';
import { unusable } from '../wecom/wecom.errors.js';
import { issuerOf } from './wecom-service-provider.identities.js';
import type { Tenants } from './wecom-service-provider.tenants.js';
import type {
  ServiceProviderApis,
  ServiceProviderTokens,
} from './wecom-service-provider.tokens.js';

/** What one call takes (reference wecom-service-provider 11.3). */
const mostUserIds = 1000;

/**
 * A corp's plain ids → those by which this provider sees the corp and its people once `finish_openid_migration` was called (11.2). Both calls
 * take plain ids of a corp whose authorization is alive, so they are made before the migration, or soon after.
 */
export function idMigration(
  providerCorpId: string,
  apis: ServiceProviderApis,
  sources: ServiceProviderTokens,
  tenants: Tenants,
  { tokens }: ProviderTools,
): IdMigration {
  return {
    async tenant(corpId) {
      const call = 'service/corpid_to_opencorpid';
      const reply = await tokens.use(sources.provider, (token) =>
        apis.provider.openCorpId(token, corpId),
      );
      const openCorpId = asText(reply['open_corpid']);
      if (openCorpId === undefined) throw unusable(call, 'the answer lacks open_corpid');
      return {
        tenant: openCorpId,
        fromIssuer: issuerOf(providerCorpId, corpId),
        toIssuer: issuerOf(providerCorpId, openCorpId),
      };
    },

    async people(corpId, userIds) {
      const asked = [...new Set(userIds)];
      if (asked.length > mostUserIds)
        throw new AppError('request_invalid', 'WeCom converts at most 1000 userids at a time.');
      if (asked.length === 0) return new Map();
      const installation = await tenants.active(corpId);
      const reply = await tenants.whileAuthorized(installation, () =>
        tokens.use(sources.of(corpId).access, (token) => apis.corp.openUserIds(token, asked)),
      );
      return pairsIn(reply['open_userid_list']);
    },

    async finish(corpId) {
      const { agentId } = await tenants.active(corpId);
      // The token of a third-party app is made with its suite's, that of a delegated app is not.
      const isDelegated = sources.of(corpId).access.dependsOn === undefined;
      if (isDelegated && agentId === undefined) throw agentUnknown(corpId);
      await tokens.use(sources.provider, (token) =>
        apis.provider.finishMigration(token, corpId, isDelegated ? agentId : undefined),
      );
    },
  };
}

function agentUnknown(corpId: string): AppError {
  return new AppError('platform_misconfigured', 'The corp’s app is not known well enough yet.', {
    operator: {
      call: 'service/finish_openid_migration',
      platformMessage: `the agent id of the app in the corp ${corpId} is not known`,
      fix: 'Have the corp’s administrator change the app’s visible range once: that makes WeCom tell it.',
    },
  });
}

/** Who is left out was not in the app's visible range, or is not a member any more. */
function pairsIn(list: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(list))
    throw unusable('batch/userid_to_openuserid', 'the answer lacks open_userid_list');
  return new Map(
    list.map(asObject).flatMap((each): [string, string][] => {
      const [userId, openUserId] = [asText(each['userid']), asText(each['open_userid'])];
      return userId === undefined || openUserId === undefined ? [] : [[userId, openUserId]];
    }),
  );
}
