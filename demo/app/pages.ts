/** The demo application's pages: plain HTML, everything escaped. */
export function startPage(error?: string): string {
  return page(
    'Lingpai demo',
    `<h1>Lingpai demo</h1>
     <p>这是一个普通的 OpenID Connect 应用。An ordinary OpenID Connect application.</p>
     ${error ? `<p class="error">${escape(error)}</p>` : ''}
     <p><a class="button" href="/login">登录 Sign in</a></p>
     <p><a href="/login?connection=dingtalk">钉钉 DingTalk</a> · <a href="/login?connection=wecom">企业微信 WeCom</a></p>
     <p><a href="/jsapi">页面签名 JSAPI signatures</a></p>`,
  );
}

export function personPage(idToken: object, accessToken: object, userinfo: object): string {
  return page(
    'Signed in',
    `<h1>已登录 Signed in</h1>
     <h2>ID token, verified</h2>${table(idToken)}
     <h2>Access token, verified with the published keys</h2>${table(accessToken)}
     <h2>/userinfo</h2>${table(userinfo)}
     <form method="post" action="/refresh"><button class="button">刷新 Refresh</button></form>
     <form method="post" action="/logout"><button class="button quiet">退出 Sign out</button></form>`,
  );
}

function table(claims: object): string {
  const rows = Object.entries(claims).map(
    ([name, value]) =>
      `<tr><th scope="row">${escape(name)}</th><td>${escape(typeof value === 'string' ? value : JSON.stringify(value))}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

export function page(title: string, body: string): string {
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<link rel="stylesheet" href="/demo.css"></head><body><main>${body}</main></body></html>`;
}

export const styles = `
body { margin: 0; background: #f3f5f2; color: #17211d; font: 16px/1.6 system-ui, 'PingFang SC', 'Noto Sans CJK SC', sans-serif }
main { max-width: 720px; margin: 48px auto; padding: 32px; border-radius: 16px; background: #fff }
table { width: 100%; border-collapse: collapse; font-size: 14px }
th { width: 12em; text-align: left; font-weight: 500; color: #55635d; vertical-align: top }
td, th { padding: 4px 8px; border-top: 1px solid #dde3df; overflow-wrap: anywhere }
.button { display: inline-block; margin-top: 16px; padding: 12px 24px; border: 0; border-radius: 10px; background: #1f5c4d; color: #fff; font: inherit; text-decoration: none; cursor: pointer }
.quiet { background: #55635d }
.error { padding: 12px; border-radius: 10px; background: #fdeeee; color: #8a1c1c }
h2 { margin: 28px 0 8px; font-size: 16px }
`;

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
