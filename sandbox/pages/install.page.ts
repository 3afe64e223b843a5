import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface AgreePage {
  readonly appNames: readonly string[];
  readonly providerName: string;
  readonly corpName: string;
  readonly adminId: string;
  readonly adminName: string;
  readonly approveHref: string;
  readonly refuseHref: string;
}

/** An administrator is asked whether the corp wants a provider's apps. */
export function agreePage(page: AgreePage): Html {
  return layout(
    'wecom',
    '授权安装',
    html`<h1>${page.appNames.join('、')}</h1>
      <p>${page.providerName} · ${page.corpName}</p>
      <p>${page.adminName}，同意为企业安装该应用吗？</p>
      <p class="quiet">Install the app for the whole company?</p>
      <a class="button" href="${page.approveHref}" data-approve data-member="${page.adminId}"
        >同意安装 Install</a
      >
      <a class="button plain" href="${page.refuseHref}" data-refuse>拒绝 Refuse</a>`,
  );
}

/** After an installation that leads nowhere else. */
export function installedPage(corpName: string, appNames: readonly string[]): Html {
  return layout(
    'wecom',
    '安装成功',
    html`<h1>安装成功</h1>
      <p data-installed>${corpName} · ${appNames.join('、')}</p>`,
  );
}
