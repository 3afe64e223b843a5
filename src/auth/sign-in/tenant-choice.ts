import { Injectable } from '@nestjs/common';

import type { Provider, TenantName } from '../providers/provider.js';
import type { BrowserRequest } from './browser-request.js';
import { Pages } from './pages/pages.js';
import type { Page } from './pages/page.js';

/** In which corp a sign-in takes place, where the connection has several and each sign-in is in one (DESIGN 6). */
export type Tenant =
  | { readonly kind: 'known'; readonly tenant: string | undefined }
  /** The person says it, on this page. */
  | { readonly kind: 'asked'; readonly page: Page };

@Injectable()
export class TenantChoice {
  constructor(private readonly pages: Pages) {}

  /**
   * @param named the corp that the request names, if it does; whether that is one of ours is the provider's to say
   * @param path where the browser comes again with its choice
   */
  async of(
    provider: Provider,
    named: string | undefined,
    path: string,
    browser: BrowserRequest,
  ): Promise<Tenant> {
    if (named !== undefined || !provider.tenantChoice) return { kind: 'known', tenant: named };
    const tenants = await provider.tenantChoice();
    if (tenants.length <= 1) return { kind: 'known', tenant: tenants[0]?.corpId };
    return { kind: 'asked', page: this.#page(provider, tenants, path, browser) };
  }

  #page(
    { platform }: Provider,
    tenants: readonly TenantName[],
    path: string,
    { language }: BrowserRequest,
  ): Page {
    return this.pages.tenants({
      language,
      platform,
      tenants: tenants.map(({ corpId, name }) => ({
        corpId,
        name: name ?? corpId,
        href: withTenant(path, corpId),
      })),
    });
  }
}

/** The path once more, with the choice; not the way of an ordinary browser, which it may have asked for already. */
function withTenant(path: string, tenant: string): string {
  const url = new URL(path, 'http://here');
  url.searchParams.delete('way');
  url.searchParams.set('tenant', tenant);
  return url.pathname + url.search;
}
