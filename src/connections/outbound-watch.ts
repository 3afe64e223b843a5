import type { Logger } from '../common/logger.js';
import type { BreakerChange, OutboundEvent } from '../common/outbound-event.js';
import type { Tracer } from '../common/tracer.js';
import type { Metrics } from '../metrics/metrics.js';

/** What is seen of the calls to the platforms: in the log, the metrics and the traces of the request that needs them. */
export class OutboundWatch {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly tracer: Tracer,
  ) {}

  /** One try. The name of the call is all that is told of its address, and its code all that is told of the answer. */
  tried({ isAboutPerson, ...event }: OutboundEvent): void {
    const { platform, call, host, outcome, code, status, durationMs, attempt } = event;
    this.metrics.platformCall(event);
    const line = { ...event, durationMs: Math.round(durationMs) };
    // That a call is held back was said when the breaker opened, or is said of what needed it.
    const isNews = code !== 'ok' && outcome !== 'held-back';
    const level = !isNews ? 'debug' : isAboutPerson ? 'info' : 'warn';
    this.logger[level]({ outbound: line }, 'platform call');
    const span = this.tracer.begin({
      name: `${platform} ${call}`,
      kind: 'client',
      agoMs: durationMs,
      attributes: {
        'server.address': host,
        'lingpai.platform': platform,
        'lingpai.call': call,
        'lingpai.code': code,
        'lingpai.attempt': attempt,
        ...(status !== undefined && { 'http.response.status_code': status }),
      },
    });
    span?.end(code === 'ok' ? {} : { failure: code });
  }

  breakerChanged(change: BreakerChange): void {
    this.metrics.breakerState(change);
    const { state, host, call, reason, pauseMs = 0 } = change;
    const outbound = { host, call };
    if (state === 'open')
      this.logger.warn(
        { outbound: { ...outbound, reason, pauseMs: Math.round(pauseMs) } },
        'a platform call had no usable answer many times in a row and is held back: the breaker is open',
      );
    else if (state === 'probing')
      this.logger.info({ outbound }, 'a held-back platform call is tried once');
    else if (state === 'closed')
      this.logger.info(
        { outbound },
        'a held-back platform call works again: the breaker is closed',
      );
  }
}
