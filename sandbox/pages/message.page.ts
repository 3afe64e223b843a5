import { html, type Html } from './html.js';
import { layout, type Brand } from './layout.js';

/** The page on which a platform refuses: words for people and the platform's code. */
export function messagePage(
  brand: Brand,
  message: { code: string; text: string; detail?: string },
): Html {
  return layout(
    brand,
    message.text,
    html`<h1>${message.text}</h1>
      ${message.detail !== undefined && html`<p>${message.detail}</p>`}
      <p class="quiet code" data-error="${message.code}">${message.code}</p>`,
  );
}
