import { escape, page } from './pages.js';

/** The page on which `pages/jsapi.js` configures the platforms' libraries. */
export function jsapiPage(
  scripts: readonly string[],
  wecom: { readonly corpId: string; readonly agentId: string },
): string {
  const rows = ['wx.config', 'wx.agentConfig', 'ww.register', 'dd.config'].map(
    (name) =>
      `<tr><th scope="row">${name}</th><td data-outcome="${name}" aria-live="polite">…</td></tr>`,
  );
  return page(
    'JSAPI',
    `<h1>页面签名 JSAPI signatures</h1>
     <p>平台客户端是否接受本页的签名：ok，或平台的错误码。Whether the platforms' clients take this page's signatures: ok, or the platform's code.</p>
     <table id="jsapi" data-corp-id="${escape(wecom.corpId)}" data-agent-id="${escape(wecom.agentId)}">${rows.join('')}</table>
     <button class="button" id="again" type="button">换一个地址并重新签名 Change the address and sign again</button>
     <p><a href="/">返回 Back</a></p>
     ${[...scripts, '/jsapi.js'].map((src) => `<script src="${escape(src)}"></script>`).join('\n     ')}`,
  );
}
