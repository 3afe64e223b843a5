import type { ErrorCode } from '../../common/app-error.js';
import type { Judgement, Trouble } from '../../common/http-client.js';

/** What a platform's refusal means, as far as it matters to whoever watches the calls. */
interface RefusalMeaning {
  readonly code: ErrorCode;
  readonly trouble?: Trouble;
}

/** Of a person, or of the code that they brought; nothing is wrong with the connection. */
const aboutPersons: ReadonlySet<ErrorCode> = new Set(['not_a_member', 'platform_code_rejected']);

/** What a refusal comes to, as far as calling the platform is concerned. @param code the platform's own */
export function refusalJudgement(code: string, meaning: RefusalMeaning): Judgement {
  const { trouble } = meaning;
  return {
    code,
    ...(trouble && { trouble }),
    ...(aboutPersons.has(meaning.code) && { isAboutPerson: true }),
  };
}
