import { join } from 'node:path';

import { Eta } from 'eta';

import { assetUrl } from './assets.js';
import { messageFor } from './messages.js';
import type {
  ConfirmSignOutModel,
  ErrorModel,
  HandOffForwardModel,
  HandOffScriptModel,
  LoginModel,
  SendFormModel,
  SignedOutModel,
  StartAgainModel,
  TenantsModel,
} from './page-models.js';
import { PersonPages } from './person-pages.js';
import { formsLeadingTo, pageHeaders, type Allowances, type Page } from './page.js';
import type { Language } from './language.js';
import { words } from './words.js';

/**
 * The pages that a person sees while signing in and out, rendered on the server. This class knows words, templates and
 * headers; what to show and when is the flow's business. It holds no state and needs no framework.
 */
export class Pages extends PersonPages {
  readonly #templates = new Eta({ views: join(import.meta.dirname, 'templates'), cache: true });

  constructor() {
    super((template, model, extra) => this.#page(template, model, extra));
  }

  /** The choice of connections. */
  login(model: LoginModel): Page {
    const { signIn } = words[model.language];
    return this.#page('login', model, { title: `${signIn} · ${model.clientName}` });
  }

  /** The choice of corps, where a connection signs in in one at a time. */
  tenants(model: TenantsModel): Page {
    return this.#page('tenants', model, { title: words[model.language].chooseTenant });
  }

  /** What went wrong, in a sentence, with the small print that support asks for. */
  error(model: ErrorModel): Page {
    const outcome = messageFor(model.code, model.status, model.language);
    return this.#page('error', model, {
      title: outcome.heading,
      status: model.status,
      outcome,
      notice: 'attention',
      detail: model.message,
    });
  }

  /** A callback that does not belong to this browser's attempt (400): the offer to begin anew here. */
  startAgain(model: StartAgainModel): Page {
    const outcome = messageFor(model.code, 400, model.language);
    return this.#page('error', model, {
      title: outcome.heading,
      status: 400,
      outcome,
      notice: 'again',
      hint: words[model.language].startAgainInApplication,
    });
  }

  /** In DingTalk's own browser: asks its JSAPI for a code and takes it to the callback. */
  handOffScript(model: HandOffScriptModel): Page {
    const jsapiScriptUrl = model.jsapiScriptUrl ?? dingtalkJsapiUrl;
    return this.#page('hand-off-script', model, {
      title: words[model.language].signingIn,
      jsapiScriptUrl,
      bridgeUrl: assetUrl('dingtalk-bridge.js'),
      allow: { scripts: ["'self'", new URL(jsapiScriptUrl).origin] },
    });
  }

  /** Moves on by itself, so that the platform sees our page as the Referer. */
  handOffForward(model: HandOffForwardModel): Page {
    return this.#page('hand-off-forward', model, { title: words[model.language].movingOn });
  }

  /** Tells an application something by a form that sends itself. */
  sendForm(model: SendFormModel): Page {
    return this.#page('send-form', model, {
      title: words[model.language].movingOn,
      scriptUrl: assetUrl('send-form.js'),
      allow: { scripts: ["'self'"], forms: formsLeadingTo([model.url]) },
    });
  }

  /** The end of a sign-out that has no address to return to. */
  signedOut(model: SignedOutModel): Page {
    return this.#page('signed-out', model, { title: words[model.language].signedOut });
  }

  /** Asks before the session ends, as anyone may send a browser to the sign-out address. */
  confirmSignOut(model: ConfirmSignOutModel): Page {
    return this.#page('confirm-sign-out', model, {
      title: words[model.language].confirmSignOut,
      allow: { forms: formsLeadingTo(model.leadsTo) },
    });
  }

  #page(
    template: string,
    model: { readonly language: Language },
    {
      status = 200,
      allow,
      ...extra
    }: { title: string; status?: number; allow?: Allowances } & Record<string, unknown>,
  ): Page {
    const { language } = model;
    const html = this.#templates.render(template, {
      ...model,
      ...extra,
      words: words[language],
      styleUrl: assetUrl('lingpai.css'),
      markUrl: assetUrl('mark.svg'),
    });
    return { status, html, headers: pageHeaders(language, allow) };
  }
}

/** DingTalk's own JSAPI library: its container hands a code to nothing else. */
const dingtalkJsapiUrl = 'https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js';
