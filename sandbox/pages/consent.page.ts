import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface ConsentPage {
  readonly appName: string;
  readonly memberId: string;
  readonly memberName: string;
  readonly approveHref: string;
  readonly refuseHref: string;
}

/** WeCom's question, inside its client, whether the app may see a member's sensitive fields. */
export function consentPage(page: ConsentPage): Html {
  return layout(
    'wecom',
    '授权',
    html`<h1>${page.appName}</h1>
      <p>
        ${page.memberName}，该应用申请获取你的个人敏感信息：手机号、邮箱、企业邮箱、头像、性别、二维码、地址。
      </p>
      <p class="quiet">The app asks for your sensitive profile fields.</p>
      <a class="button" href="${page.approveHref}" data-approve data-member="${page.memberId}"
        >同意 Allow</a
      >
      <a class="button plain" href="${page.refuseHref}" data-refuse>拒绝 Refuse</a>`,
  );
}
