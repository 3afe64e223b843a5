import { parse } from 'yaml';

import { read } from './files.js';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Every alert, in order. */
export const alerts: readonly AlertRule[] = (
  parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: AlertRule[] }[] }
).groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly definition?: string;
      readonly allValue?: string;
    }[];
  };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

export const dashboard = JSON.parse(read('deploy/grafana/dashboards/lingpai.json')) as Dashboard;

/** Every query of the dashboard as Grafana would ask it, with everything chosen. */
export const queries: readonly { readonly title: string; readonly expr: string }[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr })),
  ),
  ...dashboard.annotations.list.map(({ expr }) => ({ title: 'annotation', expr })),
].map(({ title, expr }) => ({
  title,
  expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:connection|instance)\b/g, '.*'),
}));
