import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class FieldProblem {
  @ApiProperty({ example: 'redirectUris[0]' })
  readonly field: string;

  @ApiProperty()
  readonly message: string;
}

/** What `application/problem+json` (RFC 9457) says. For the documentation alone: `problem.filter.ts` writes it. */
export class Problem {
  @ApiProperty({ example: 'about:blank' })
  readonly type: string;

  @ApiProperty({ description: 'One clear sentence.' })
  readonly title: string;

  @ApiProperty({ type: 'integer' })
  readonly status: number;

  @ApiProperty({ description: 'Stable; for programs.', example: 'account_not_found' })
  readonly code: string;

  @ApiProperty({ description: 'The id of the request: the log has it too.' })
  readonly instance: string;

  @ApiPropertyOptional({ type: [FieldProblem], description: 'Every faulty field.' })
  readonly errors?: readonly FieldProblem[];
}
