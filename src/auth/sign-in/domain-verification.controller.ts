import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';

import { Public } from '../../common/access.js';
import { Unlimited } from '../../common/limited.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';

/** The file by which WeCom verifies that a trusted domain is ours (reference wecom 4.5). */
@Controller()
@Public()
@Unlimited()
export class DomainVerificationController {
  constructor(private readonly connections: ConnectionRegistry) {}

  @Get('WW_verify_:code.txt')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  async read(@Param('code') code: string): Promise<string> {
    const name = `WW_verify_${code}.txt`;
    for (const connection of await this.connections.list()) {
      const files = connection.domainVerification;
      if (connection.enabled && Object.hasOwn(files, name)) return files[name] ?? '';
    }
    throw new NotFoundException();
  }
}
