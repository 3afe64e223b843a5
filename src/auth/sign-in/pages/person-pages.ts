import type { ErrorCode } from '../../../common/app-error.js';
import { accountWords } from './account-words.js';
import { formatDate } from './dates.js';
import { formWords } from './form-words.js';
import { messageFor } from './messages.js';
import type {
  AccountModel,
  ChoiceModel,
  Complaint,
  ConfirmBindingModel,
  DeadEndModel,
  NewPasswordModel,
  OtherWaysModel,
  PasswordModel,
  PhoneCodeModel,
  PhoneModel,
  RequestSentModel,
} from './page-models.js';
import { formsLeadingTo, type Page } from './page.js';
import type { Language } from './language.js';

/** What makes a page of a template: words and headers are added there. */
export type Render = (
  template: string,
  model: { readonly language: Language },
  extra: {
    readonly title: string;
    readonly status?: number;
    readonly allow?: { readonly forms: readonly string[] };
  } & Readonly<Record<string, unknown>>,
) => Page;

/** The pages that ask a person for something: every one is a plain form, works without a script, and has a way out. */
export class PersonPages {
  constructor(private readonly render: Render) {}

  phone(model: PhoneModel): Page {
    return this.#form('phone', model, formWords[model.language].phoneTitle[model.purpose]);
  }

  phoneCode(model: PhoneCodeModel): Page {
    return this.#form('phone-code', model, formWords[model.language].codeTitle);
  }

  password(model: PasswordModel): Page {
    return this.#form('password', model, formWords[model.language].passwordTitle);
  }

  newPassword(model: NewPasswordModel): Page {
    return this.#form('new-password', model, formWords[model.language].newPasswordTitle);
  }

  choice(model: ChoiceModel): Page {
    return this.#form('choice', model, formWords[model.language].choiceTitle);
  }

  otherWays(model: OtherWaysModel): Page {
    return this.#form('other-ways', model, formWords[model.language].otherWaysTitle);
  }

  confirmBinding(model: ConfirmBindingModel): Page {
    return this.#form('confirm-binding', model, formWords[model.language].confirmTitle);
  }

  /** The way ends here for this number or account; there is another, or the way out. */
  deadEnd(model: DeadEndModel): Page {
    const status = conflicts.includes(model.code) ? 409 : 403;
    const { conflictTitle: heading, conflictHint: sentence } = formWords[model.language];
    const outcome =
      model.code === 'binding_conflict'
        ? { heading, sentence }
        : messageFor(model.code, status, model.language);
    return this.#form('dead-end', model, outcome.heading, { outcome, status });
  }

  requestSent(model: RequestSentModel): Page {
    return this.#form('request-sent', model, formWords[model.language].requestSentTitle);
  }

  account(model: AccountModel): Page {
    const { language } = model;
    const own = accountWords[language];
    return this.#form('account', { ...model, leadsTo: [] }, own.title, {
      own,
      date: (at: Date) => formatDate(at, language),
    });
  }

  #form(
    template: string,
    model: {
      readonly language: Language;
      readonly complaint?: Complaint | undefined;
      readonly leadsTo?: readonly string[] | undefined;
    },
    title: string,
    extra: { readonly status?: number } & Readonly<Record<string, unknown>> = {},
  ): Page {
    const { complaint, language } = model;
    const status = complaint ? statusOf(complaint) : 200;
    const page = this.render(template, model, {
      status,
      ...extra,
      title,
      form: formWords[language],
      said: complaint && inWords(complaint, language),
      // A message that was not sent says nothing about the number that was typed.
      invalid: status === 422,
      allow: { forms: formsLeadingTo(model.leadsTo) },
    });
    if (complaint?.waitSeconds === undefined) return page;
    return {
      ...page,
      headers: { ...page.headers, 'Retry-After': String(complaint.waitSeconds) },
    };
  }
}

/** Dead ends where two people's rights meet; at the others the person may not come in. */
const conflicts: readonly ErrorCode[] = [
  'binding_conflict',
  'identity_already_bound',
  'phone_taken',
  'merge_conflict',
];

function statusOf({ code }: Complaint): number {
  if (code === 'too_many_requests') return 429;
  return ['sms_unavailable', 'platform_unavailable', 'platform_rate_limited'].includes(code)
    ? 503
    : 422;
}

function inWords({ code, triesLeft, waitSeconds }: Complaint, language: Language): string {
  const words = formWords[language];
  if (code === 'too_many_requests' && waitSeconds !== undefined) return words.waitFor(waitSeconds);
  if (triesLeft === 0) return words.noTriesLeft;
  const { sentence } = messageFor(code, 422, language);
  return triesLeft === undefined ? sentence : sentence + words.triesLeft(triesLeft);
}
