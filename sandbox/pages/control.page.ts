import type { SandboxControl } from '../control.js';
import { faultKinds } from '../faults.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';

/** The tester's page: the time, the faults, who is in the client, what was called. Plain forms, no script. */
export function controlPage(control: SandboxControl): Html {
  return layout(
    'sandbox',
    'Control',
    html`<h1>Sandbox control <span class="quiet">沙箱控制台</span></h1>
      ${messages(control)} ${clock(control)} ${faults(control)} ${clientUser(control)}
      ${people(control)} ${wecomProvider(control)} ${calls(control)}
      <h2>Start over</h2>
      <form method="post" action="/control/reset">
        <button class="button plain">Reset clock, faults, tokens, counters</button>
      </form>`,
    true,
  );
}

/** Codes that phones got: whoever tries the phone pages reads them here. */
function messages(control: SandboxControl): Html {
  const latest = control.sms.inbox().slice(-5).reverse();
  return html`<h2>Codes by SMS 短信验证码</h2>
    ${latest.length === 0 && html`<p class="quiet">None.</p>`}
    <ul>
      ${latest.map(({ phone, code }) => html`<li class="code">${phone} · ${code}</li>`)}
    </ul>`;
}

function clock(control: SandboxControl): Html {
  return html`<h2>Time 时间</h2>
    <p class="code">${control.now().toISOString()}</p>
    <form class="row" method="post" action="/control/advance">
      <label>Seconds<input name="seconds" type="number" value="300" required /></label>
      <button class="button">Advance</button>
    </form>`;
}

function faults(control: SandboxControl): Html {
  const active = control.faults();
  return html`<h2>Faults 故障</h2>
    ${active.length === 0 && html`<p class="quiet">None.</p>`}
    <ul>
      ${active.map(
        (fault) =>
          html`<li class="code">
            ${fault.kind} · ${fault.on ?? 'everything'} · ${fault.times ?? 'until cleared'}
          </li>`,
      )}
    </ul>
    <form class="row" method="post" action="/control/faults">
      <label
        >Kind<select name="kind">
          ${faultKinds.map((kind) => html`<option>${kind}</option>`)}
        </select></label
      >
      <label
        >Host or call<input name="on" placeholder="qyapi.weixin.qq.com/cgi-bin/gettoken"
      /></label>
      <label>Times<input name="times" type="number" min="1" placeholder="until cleared" /></label>
      <label>Delay, ms<input name="delayMs" type="number" min="0" placeholder="1000" /></label>
      <button class="button">Add</button>
    </form>
    <form method="post" action="/control/faults/clear">
      <button class="button plain">Clear all faults</button>
    </form>`;
}

function clientUser(control: SandboxControl): Html {
  return html`<h2>In the WeCom client I am … 客户端当前用户</h2>
    ${control.wecom.world.corps.map(
      (corp) =>
        html`<form class="row" method="post" action="/control/wecom/client-user">
          <input type="hidden" name="corpId" value="${corp.corpId}" />
          <label
            >${corp.name}<select name="id">
              ${corp.members.map(
                ({ userid, name }) => html`<option value="${userid}">${name} (${userid})</option>`,
              )}
              ${corp.visitors.map(
                ({ id, name }) => html`<option value="${id}">${name} (${id})</option>`,
              )}
            </select></label
          >
          <button class="button">Log in</button>
        </form>`,
    )}`;
}

function people(control: SandboxControl): Html {
  const rows = [
    ...control.dingtalk.world.corps.flatMap((corp) =>
      corp.apps.map((app) => ({
        corp: `${corp.name} ${corp.corpId}`,
        app: `${app.name} ${app.clientId}`,
        people: corp.members.map(({ userid }) => userid).join(', '),
      })),
    ),
    ...control.wecom.world.corps.flatMap((corp) =>
      corp.apps.map((app) => ({
        corp: `${corp.name} ${corp.corpId}`,
        app: `${app.name} ${app.agentId}`,
        people: corp.members.map(({ userid }) => userid).join(', '),
      })),
    ),
  ];
  return table(
    'World 企业',
    ['Corp', 'App', 'People'],
    rows.map(({ corp, app, people }) => [corp, app, people]),
  );
}

/** The service provider's side: install, cancel, push, and how the last callbacks were answered. */
function wecomProvider({ wecomProvider: provider }: SandboxControl): Html {
  const { corps, installations } = provider.world;
  const suites = provider.world.provider.suites.filter(({ kind }) => kind !== 'login');
  const app = html`<label
      >Corp<select name="corpId">
        ${corps
          .slice(0, 20)
          .map((corp) => html`<option value="${corp.corpId}">${corp.name}</option>`)}
      </select></label
    >
    <label
      >App<select name="suiteId">
        ${suites.map((suite) => html`<option value="${suite.suiteId}">${suite.name}</option>`)}
      </select></label
    >`;
  const form = (action: string, label: string): Html =>
    html`<form class="row" method="post" action="/control/wecom-provider/${action}">
      ${app}<button class="button">${label}</button>
    </form>`;
  return html`<h2>WeCom service provider 服务商</h2>
    <form method="post" action="/control/wecom-provider/tickets">
      <button class="button plain">Push tickets 推送 suite_ticket</button>
    </form>
    ${form('installations', 'Install 安装')} ${form('installations/cancel', 'Cancel 取消授权')}
    ${table(
      'Installed 已安装',
      ['Corp', 'App', 'Agent', 'Status'],
      installations
        .slice(-20)
        .map((it) => [it.corpId, it.suiteId, it.agentId.toString(), it.status]),
    )}
    ${table(
      'Callbacks 回调',
      ['At', 'Event', 'Try', 'Status', 'Outcome', 'Answer'],
      provider
        .callbacks()
        .slice(-20)
        .reverse()
        .map((it) => [
          it.at,
          it.event,
          it.attempt.toString(),
          it.status.toString(),
          it.outcome,
          it.body.slice(0, 80),
        ]),
    )}`;
}

function calls(control: SandboxControl): Html {
  const counted = Object.entries(control.calls()).sort(([one], [other]) => (one < other ? -1 : 1));
  const latest = control.requests().slice(-20).reverse();
  return html`${table(
    'Calls 调用次数',
    ['Call', 'Count'],
    counted.map(([call, count]) => [call, count.toString()]),
  )}
  ${table(
    'Latest requests 最近请求',
    ['At', 'Call', 'Status', 'Outcome'],
    latest.map((it) => [it.at, `${it.method} ${it.call}`, it.status.toString(), it.outcome]),
  )}`;
}

function table(title: string, heads: string[], rows: string[][]): Html {
  return html`<h2>${title}</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody class="code">
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell) => html`<td>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
