import type { Language } from './language.js';

/** An instant as people read it, e.g. `2026年11月21日 13:05`; in China's time unless another zone is given. */
export function formatDate(at: Date, language: Language, timeZone = 'Asia/Shanghai'): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone,
  }).format(at);
}
