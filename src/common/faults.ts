import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';

/** One thing that is wrong, and where: `corpId: must be a text`. Never holds a value. */
export type Fault = string;

/** The names of the properties that a class validates. */
export function fieldsOf(type: new () => object): ReadonlySet<string> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return new Set(metadata.map((entry) => entry.propertyName));
}

/** Reads plain data as a class. @returns the instance, and every fault of it */
export function readAs<T extends object>(
  type: new () => T,
  plain: object,
): { value: T; faults: Fault[] } {
  const value = plainToInstance(type, plain, { exposeDefaultValues: true });
  const errors = validateSync(value, {
    whitelist: true,
    forbidNonWhitelisted: true,
  });
  return { value, faults: errors.flatMap((error) => faultsOf(error, '')) };
}

/** The faults of one property and of what it holds, each with its place. */
export function faultsOf(error: ValidationError, place: string): Fault[] {
  const here = /^\d+$/.test(error.property)
    ? `${place}[${error.property}]`
    : `${place && `${place}.`}${error.property}`;
  return [
    ...ownFault(error, here),
    ...(error.children ?? []).flatMap((child) => faultsOf(child, here)),
  ];
}

/** Which kind of value a property takes: what is of another kind has no length to speak of. */
const kinds = ['isString', 'isInt', 'isBoolean', 'isArray', 'isObject'];

/** The first fault as class-validator asks, unless the value is of the wrong kind altogether. */
function ownFault({ constraints = {}, property }: ValidationError, here: string): Fault[] {
  if (constraints['whitelistValidation']) return [`${here}: is not a known field`];
  const kind = kinds.find((name) => constraints[name] !== undefined);
  const words = kind === undefined ? Object.values(constraints)[0] : constraints[kind];
  return words === undefined ? [] : [`${here}: ${withoutName(words, property)}`];
}

/** class-validator begins most of its sentences with the property's name, which the place says already. */
function withoutName(words: string, property: string): string {
  return words.startsWith(`${property} `)
    ? words.slice(property.length + 1)
    : words.replace(`each value in ${property} `, 'each ');
}
