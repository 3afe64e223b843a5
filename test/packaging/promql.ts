/** What a PromQL expression asks for: as much of the language as our own expressions use. */
export interface Asked {
  readonly metric: string;
  readonly labels: readonly string[];
}

const words = /\b(?:by|on|without|group_left|group_right|ignoring)\s*\(([^)]*)\)/g;
const keywords = new Set(['and', 'or', 'unless', 'offset', 'bool']);

/** Each metric of an expression, with the labels that are compared there. */
export function metricsOf(expression: string): Asked[] {
  const text = withoutStrings(expression)
    .replaceAll(words, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ');
  return [...text.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g)]
    .filter(([, name = '', after]) => after !== '(' && !keywords.has(name))
    .filter(([, name = '']) => !/^\d/.test(name))
    .map(([, metric = '', matchers = '']) => ({
      metric,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }));
}

/** The labels by which an expression groups. */
export function groupingsOf(expression: string): string[] {
  const found = [...withoutStrings(expression).matchAll(words)];
  return found.flatMap(([, list = '']) => list.split(',').map((label) => label.trim()));
}

function withoutStrings(expression: string): string {
  return expression.replaceAll(/"[^"]*"/g, '""');
}
