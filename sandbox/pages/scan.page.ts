import QRCode from 'qrcode';

import { html, Html } from './html.js';
import { layout, type Brand } from './layout.js';

/** One person one can be on a scan page. */
export interface ScanChoice {
  /** What scripts find the link by: its `data-member`. */
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly href: string;
}

export interface ScanPage {
  readonly brand: Brand;
  readonly appName: string;
  readonly corpName: string;
  /** What a phone would open. */
  readonly scanUrl: string;
  readonly choices: readonly ScanChoice[];
  readonly refuseHref: string;
}

/** The login page of a platform in a desktop browser: a QR code, and everyone who could scan it. */
export async function scanPage(page: ScanPage): Promise<Html> {
  const svg = await QRCode.toString(page.scanUrl, { type: 'svg', margin: 1 });
  return layout(
    page.brand,
    '扫码登录',
    html`<h1>扫码登录 <span class="quiet">Scan to sign in</span></h1>
      <p class="quiet">${page.corpName} · ${page.appName}</p>
      <div class="qr" role="img" aria-label="QR code of this page">${new Html(svg)}</div>
      <p class="quiet centred">没有手机？在这里选择扫码的人 · Choose who scans</p>
      <ul class="people">
        ${page.choices.map((choice) => html`<li>${personLink(choice)}</li>`)}
      </ul>
      <a class="button plain" href="${page.refuseHref}" data-refuse>拒绝 Refuse</a>`,
  );
}

function personLink(choice: ScanChoice): Html {
  return html`<a class="person" href="${choice.href}" data-member="${choice.id}"
    ><span class="face" aria-hidden="true">${initialOf(choice.name)}</span
    ><span class="who"
      ><span>${choice.name}</span><span class="quiet code">${choice.id}</span
      ><span class="quiet">${choice.note}</span></span
    ></a
  >`;
}

function initialOf(name: string): string {
  return String.fromCodePoint(name.codePointAt(0) ?? 0x3f);
}
