import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/**
 * Reads a phone number as people write it; without a country's code it is a mainland Chinese one. For the mainland only mobile
 * numbers are taken, since a code is to reach them.
 * @returns E.164, e.g. `+8613800000000`
 */
export function parsePhone(text: string): string | undefined {
  const plain = text.normalize('NFKC').trim().replace(/^00/, '+');
  if (plain.length > 40) return undefined;
  const parsed = parsePhoneNumberFromString(plain, { defaultCountry: 'CN', extract: false });
  if (!parsed?.isValid() || parsed.ext !== undefined) return undefined;
  if (parsed.country === 'CN' && parsed.getType() !== 'MOBILE') return undefined;
  return parsed.number;
}

/** Enough of a number to recognise one's own: `138****0001`, `+44****1234`. */
export function maskPhone(phone: string): string {
  const national = nationalDigits(phone);
  if (national !== undefined) return `${national.slice(0, 3)}****${national.slice(-4)}`;
  const country = parsePhoneNumberFromString(phone)?.countryCallingCode;
  return `${country === undefined ? '' : `+${country}`}****${phone.slice(-4)}`;
}

/** As a person of the mainland writes it, or with its country's code. */
export function nationalPhone(phone: string): string {
  return nationalDigits(phone) ?? phone;
}

function nationalDigits(phone: string): string | undefined {
  return /^\+86(1\d{10})$/.exec(phone)?.[1];
}
