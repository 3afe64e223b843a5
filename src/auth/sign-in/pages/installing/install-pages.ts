import { join } from 'node:path';

import { Eta } from 'eta';

import type { ErrorCode } from '../../../../common/app-error.js';
import { assetUrl } from '../assets.js';
import type { Language } from '../language.js';
import { messageFor } from '../messages.js';
import { type Page, pageHeaders } from '../page.js';
import { words } from '../words.js';
import { installMessages, installWords } from './install-words.js';

interface InstallModel {
  readonly language: Language;
  /** The connection's name. */
  readonly appName: string;
  /** Where the platform lets a corp's administrator approve. */
  readonly url: string;
}

interface InstalledModel {
  readonly language: Language;
  /** Its id, where its name is not known. */
  readonly corpName: string;
}

interface InstallProblemModel {
  readonly language: Language;
  readonly code: ErrorCode;
  readonly requestId: string;
  /** The HTTP status. */
  readonly status: number;
  readonly retryAfterSeconds?: number | undefined;
}

/** The pages on which a corp installs an app: the way to the platform, its end, and what may come between. */
export class InstallPages {
  readonly #templates = new Eta({ views: join(import.meta.dirname, '..'), cache: true });

  /** Left by a click: the platform takes nobody whose Referer is not our origin. */
  install(model: InstallModel): Page {
    const page = this.#page('install', model, {
      title: `${installWords[model.language].install} · ${model.appName}`,
    });
    // Where the platform's page is reached without TLS, as in a trial, the other pages' policy would say nothing.
    return { ...page, headers: { ...page.headers, 'Referrer-Policy': 'origin' } };
  }

  installed(model: InstalledModel): Page {
    return this.#page('installed', model, { title: installWords[model.language].installed });
  }

  /** What went wrong, in a sentence, with the small print that support asks for. */
  problem(model: InstallProblemModel): Page {
    const { code, status, language, retryAfterSeconds } = model;
    const outcome = installMessages[code]?.[language] ?? messageFor(code, status, language);
    const page = this.#page('problem', model, {
      title: outcome.heading,
      status,
      outcome,
      notice: status < 500 ? 'again' : 'attention',
    });
    if (retryAfterSeconds === undefined) return page;
    return { ...page, headers: { ...page.headers, 'Retry-After': String(retryAfterSeconds) } };
  }

  #page(
    name: 'install' | 'installed' | 'problem',
    model: { readonly language: Language },
    { status = 200, ...extra }: { title: string; status?: number } & Record<string, unknown>,
  ): Page {
    const { language } = model;
    const html = this.#templates.render(
      name === 'problem' ? 'templates/error' : `installing/${name}`,
      {
        ...model,
        ...extra,
        own: installWords[language],
        words: words[language],
        styleUrl: assetUrl('lingpai.css'),
        markUrl: assetUrl('mark.svg'),
      },
    );
    return { status, html, headers: pageHeaders(language) };
  }
}
