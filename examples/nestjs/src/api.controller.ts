import { Controller, Get } from '@nestjs/common';

import { CurrentCaller, RequiresRole, RequiresScope } from './access.js';
import type { Caller } from './caller.js';

@Controller()
export class ApiController {
  /** Any good token: what it says. */
  @Get('me')
  me(@CurrentCaller() caller: Caller): Caller {
    return caller;
  }

  @Get('orders')
  @RequiresScope('orders:read')
  orders(): object {
    return { orders: [] };
  }

  @Get('reports')
  @RequiresRole('staff')
  reports(): object {
    return { reports: [] };
  }
}
