import { AppError, type OperatorHint } from '../../../common/app-error.js';
import type { Secret } from '../../../common/secret.js';
import type { Installation, Installations } from '../installations.js';
import type { TenantName } from '../provider.js';
import { isRefusal } from '../wecom/wecom.errors.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';

/** A corp in which the app may be used now. */
export type ActiveInstallation = Installation & { readonly permanentCode: Secret };

/** Whose people may come in, and for which corps anything may be asked of WeCom. Ids are compared with case. */
export class Tenants {
  constructor(
    private readonly settings: Pick<WecomServiceProviderSettings, 'tenantPolicy' | 'tenants'>,
    private readonly installations: Installations,
  ) {}

  /**
   * The corps of which a delegated sign-in may be in one.
   * @returns those that are active and that the policy lets in, with their names
   */
  async choice(): Promise<readonly TenantName[]> {
    const all = await this.installations.list();
    return all
      .filter(({ status, corpId }) => status === 'active' && this.#isListed(corpId))
      .map(({ corpId, name }) => ({ corpId, ...(name !== undefined && { name }) }));
  }

  /**
   * Lets a person of this corp in, or not.
   * @throws AppError `tenant_not_allowed`
   */
  async admit(corpId: string): Promise<void> {
    const found = await this.installations.find(corpId);
    if (found && found.status !== 'active') throw notActive(found);
    const { tenantPolicy } = this.settings;
    if (tenantPolicy === 'installed' && !found) throw notInstalled(corpId);
    if (!this.#isListed(corpId))
      throw refused(`the corp ${corpId} is not among the connection’s tenants`, {
        fix: 'If its people should get in, add it to `tenants`, as this provider sees its id.',
      });
  }

  /**
   * A corp in which the app is installed and may be used.
   * @throws AppError `tenant_not_found`, `tenant_not_allowed`
   */
  active(corpId: string): Promise<ActiveInstallation> {
    return this.#active(corpId, notFound);
  }

  /**
   * The corp in which a delegated sign-in takes place: the one that is named, else the only one.
   * @throws AppError `tenant_not_allowed`
   */
  async ofSignIn(corpId: string | undefined): Promise<ActiveInstallation> {
    const [only, ...others] = corpId === undefined ? await this.choice() : [{ corpId }];
    if (!only)
      throw refused('no corp has taken the app', {
        fix: 'Send a corp’s administrator an install link.',
      });
    if (others.length > 0)
      throw refused('several corps have taken the app, and the sign-in names none', {
        fix: 'Name the corp: `tenant=<corpid>` beside `connection`.',
      });
    await this.admit(only.corpId);
    return this.#active(only.corpId, notInstalled);
  }

  /**
   * Does something with a corp's authorization; if WeCom says that it is over (40084, 48004), it is over here too, and not asked again.
   * A late answer about a code that was replaced meanwhile ends nothing.
   */
  async whileAuthorized<T>(
    { corpId, permanentCode }: ActiveInstallation,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error, '40084', '48004'))
        await this.installations.cancel(corpId, permanentCode);
      throw error;
    }
  }

  async #active(
    corpId: string,
    missing: (corpId: string) => AppError,
  ): Promise<ActiveInstallation> {
    const found = await this.installations.find(corpId);
    if (!found) throw missing(corpId);
    const { status, permanentCode } = found;
    if (status !== 'active' || !permanentCode) throw notActive(found);
    return { ...found, permanentCode };
  }

  #isListed(corpId: string): boolean {
    const { tenantPolicy, tenants } = this.settings;
    return tenantPolicy !== 'listed' || tenants.includes(corpId);
  }
}

function notFound(corpId: string): AppError {
  return new AppError('tenant_not_found', 'No such corp has installed the app.', {
    errors: [{ field: 'tenant', message: 'must be the id of a corp that installed the app' }],
    operator: { platformMessage: `the corp ${corpId} is not among the tenants` },
  });
}

function notInstalled(corpId: string): AppError {
  return refused(`the corp ${corpId} has not installed the app`, {
    fix: 'If its people should get in, send its administrator an install link. A corp whose ids were migrated comes back under another id: see the README.',
  });
}

function notActive({ corpId, status }: Installation): AppError {
  return status === 'suspended'
    ? refused(`the corp ${corpId} is suspended here`, {
        fix: 'If its people should get in, set its status to active again.',
      })
    : refused(`the corp ${corpId} took the app away`, {
        fix: 'If its people should get in, its administrator installs the app again.',
      });
}

function refused(platformMessage: string, operator: OperatorHint): AppError {
  return new AppError('tenant_not_allowed', 'People of this company cannot sign in here.', {
    operator: { platformMessage, ...operator },
  });
}
