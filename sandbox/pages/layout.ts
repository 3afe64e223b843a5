import { html, Html } from './html.js';

/** Which platform a page imitates: decides its colour and name. */
export type Brand = 'dingtalk' | 'wecom' | 'sandbox';

const brands: Readonly<Record<Brand, { name: string; colour: string }>> = {
  dingtalk: { name: '钉钉 DingTalk', colour: '#1677ff' },
  wecom: { name: '企业微信 WeCom', colour: '#2a7be4' },
  sandbox: { name: 'Control', colour: '#334155' },
};

const STYLE = new Html(`
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:#eef1f6;color:#1c2431;font:16px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
.banner{position:sticky;top:0;z-index:1;padding:.5rem 1rem;background:repeating-linear-gradient(-45deg,#facc15 0 14px,#fde047 14px 28px);color:#422006;text-align:center;font-size:.875rem}
.banner b{letter-spacing:.12em}
main{max-width:26rem;margin:2rem auto;padding:1.75rem 1.5rem;background:#fff;border-radius:16px;box-shadow:0 8px 30px rgba(20,34,66,.09)}
main.wide{max-width:60rem}
@media (max-width:30rem){main{margin:0;border-radius:0;box-shadow:none;min-height:calc(100vh - 3rem)}}
.brand{color:var(--accent);font-weight:600}
h1{margin:.15rem 0 .25rem;font-size:1.35rem}
h2{margin:1.6rem 0 .5rem;font-size:1rem}
p{margin:.35rem 0}
.quiet{color:#56627a;font-size:.875rem}
.code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.8125rem;overflow-wrap:anywhere}
.qr{width:200px;margin:1.25rem auto .5rem;padding:10px;border:1px solid #dde3ee;border-radius:12px}
.qr svg{display:block;width:100%;height:auto}
.centred{text-align:center}
ul.people{list-style:none;margin:.5rem 0;padding:0}
ul.people li+li{margin-top:.5rem}
a.person{display:flex;align-items:center;gap:.75rem;padding:.6rem .75rem;border:1px solid #dde3ee;border-radius:12px;color:inherit;text-decoration:none}
a.person:hover,a.person:focus-visible{border-color:var(--accent);background:#f5f8ff}
.face{flex:none;display:grid;place-items:center;width:2.4rem;height:2.4rem;border-radius:50%;background:var(--accent);color:#fff;font-weight:600}
.who{display:block;min-width:0}
.who span{display:block}
.button{display:block;width:100%;padding:.7rem 1rem;border:0;border-radius:10px;background:var(--accent);color:#fff;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
.button.plain{background:none;color:#44506a;border:1px solid #cfd7e6}
.button+.button,form+.button,.people+.button{margin-top:.6rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
table{width:100%;border-collapse:collapse;font-size:.875rem}
th,td{padding:.35rem .5rem;border-bottom:1px solid #e6ebf3;text-align:left;vertical-align:top}
form.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}
form.row label{display:block;font-size:.8125rem;color:#56627a}
form.row input,form.row select{display:block;padding:.45rem .6rem;border:1px solid #c6cfdf;border-radius:8px;font:inherit;max-width:100%}
form+form,ul+form{margin-top:.75rem}
form.row .button{width:auto;padding:.5rem .9rem}
.scroll{overflow-x:auto}
`);

/** A whole page under the sandbox banner. */
export function layout(brand: Brand, title: string, body: Html, wide = false): Html {
  const { name, colour } = brands[brand];
  return html`<!doctype html>
    <html lang="zh-CN" style="--accent:${colour}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · SANDBOX</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <div class="banner" role="note">
          <b>SANDBOX</b> 沙箱 · 这不是真实的平台 · not the real platform
        </div>
        <main class="${wide ? 'wide' : ''}">
          <div class="brand">${name}</div>
          ${body}
        </main>
      </body>
    </html>`;
}
